/** Exit codes of the command. */
export const EXIT_OK = 0;
/** The answer is bad: bytes differ, a verdict is another than expected, a run could not end. */
export const EXIT_BAD_ANSWER = 1;
/** The question is bad: an option, a name or an input file. */
export const EXIT_BAD_INPUT = 2;

/** Something to say in one line on stderr before the command ends with `exitCode`. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;
  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
