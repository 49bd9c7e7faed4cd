/** The first ```ts block of a Markdown text; undefined if there is none. */
export const firstExample = (markdown: string): string | undefined => /^```ts\r?\n(.*?)^```/ms.exec(markdown)?.[1];
