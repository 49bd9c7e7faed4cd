import type { BlockDevice } from "@zeropfn/mm";
import { EINVAL, OK, type Status } from "@zeropfn/units";
import { LOG_PAGE_BYTES } from "./setting.ts";

/** Pages of the file that the recorder had open with O_DIRECT: no log reaches beyond. */
const PAGES = 64;
/** What page 0 was filled with; the next pages with the bytes that follow. */
const FIRST_BYTE = 0x40;

/** The file that the recorder had open with O_DIRECT, on a disk. */
export class DirectFile implements BlockDevice {
  readonly sectorBytes = 512;
  readonly sizeBytes: number = PAGES * LOG_PAGE_BYTES;
  readonly #bytes: Uint8Array = new Uint8Array(PAGES * LOG_PAGE_BYTES);

  constructor() {
    for (let page = 0; page < PAGES; page++) this.#bytes.fill(FIRST_BYTE + page, page * LOG_PAGE_BYTES, (page + 1) * LOG_PAGE_BYTES);
  }

  read(offset: number, out: Uint8Array): Status {
    if (offset + out.length > this.sizeBytes) return EINVAL;
    out.set(this.#bytes.subarray(offset, offset + out.length));
    return OK;
  }
  write(offset: number, bytes: Uint8Array): Status {
    if (offset + bytes.length > this.sizeBytes) return EINVAL;
    this.#bytes.set(bytes, offset);
    return OK;
  }
}
