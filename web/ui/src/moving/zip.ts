/**
 * The files of a zip that lies on the reader's disk: listed by its directory, unpacked one by one when they are sent.
 * After PKWARE's APPNOTE 6.3: stored and deflated entries, ZIP64.
 */
import type { SourceFile } from "./source";

/** The file is no zip, or is damaged. */
export class NoZipError extends Error {}

const END = 0x06054b50;
const END_64_PLACE = 0x07064b50;
const END_64 = 0x06064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const LONGEST_END = 65_557; // with the longest comment
const IN_ZIP64 = 0xffffffff;
const MOST_DIRECTORY = 268_435_456; // bytes
const STORED = 0;
const DEFLATED = 8;

export async function filesOfZip(zip: Blob): Promise<SourceFile[]> {
  const { at, size } = await directoryOf(zip);
  if (size > MOST_DIRECTORY || at + size > zip.size) throw new NoZipError();
  const view = await viewOf(zip, at, size);
  const files: SourceFile[] = [];
  for (let place = 0; place + 46 <= size && view.getUint32(place, true) === ENTRY; ) {
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((offset) => view.getUint16(place + offset, true)) as [number, number, number];
    const next = place + 46 + nameSize + extraSize + commentSize;
    if (next > size) throw new NoZipError();
    const entry = entryAt(view, place, nameSize, extraSize);
    if (!entry.path.endsWith("/")) files.push({ path: entry.path, size: entry.size, blob: () => unpacked(zip, entry) });
    place = next;
  }
  return files;
}

interface Entry {
  readonly path: string;
  readonly size: number;
  readonly packed: number;
  readonly at: number;
  readonly method: number;
  readonly isEncrypted: boolean;
}

async function viewOf(zip: Blob, at: number, size: number): Promise<DataView> {
  return new DataView(await zip.slice(at, at + size).arrayBuffer());
}

/** Where the list of the files lies. */
async function directoryOf(zip: Blob): Promise<{ at: number; size: number }> {
  const start = Math.max(0, zip.size - LONGEST_END);
  const view = await viewOf(zip, start, zip.size - start);
  let end = view.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new NoZipError();
  const [size, at] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  if (size !== IN_ZIP64 && at !== IN_ZIP64) return { at, size };
  if (end < 20 || view.getUint32(end - 20, true) !== END_64_PLACE) throw new NoZipError();
  const large = await viewOf(zip, number64(view, end - 12), 56);
  if (large.byteLength < 56 || large.getUint32(0, true) !== END_64) throw new NoZipError();
  return { at: number64(large, 48), size: number64(large, 40) };
}

const number64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

function entryAt(view: DataView, place: number, nameSize: number, extraSize: number): Entry {
  const name = new Uint8Array(view.buffer, view.byteOffset + place + 46, nameSize);
  const found = { packed: view.getUint32(place + 20, true), size: view.getUint32(place + 24, true), at: view.getUint32(place + 42, true) };
  let extra = place + 46 + nameSize;
  for (const end = extra + extraSize; extra + 4 <= end; extra += 4 + view.getUint16(extra + 2, true)) {
    if (view.getUint16(extra, true) !== 1) continue;
    let at = extra + 4; // those that did not fit, in this order
    for (const field of ["size", "packed", "at"] as const) {
      if (found[field] !== IN_ZIP64 || at + 8 > end) continue;
      found[field] = number64(view, at);
      at += 8;
    }
  }
  const flags = view.getUint16(place + 8, true);
  return { ...found, path: nameOf(name), method: view.getUint16(place + 10, true), isEncrypted: (flags & 1) !== 0 };
}

/** UTF-8, which most write whatever the flag says; else as Windows packs Cyrillic names. */
function nameOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("ibm866").decode(bytes);
  }
}

/** Rejects where the entry is damaged, encrypted, packed in another way, or longer than it says. */
async function unpacked(zip: Blob, entry: Entry): Promise<Blob> {
  const head = await viewOf(zip, entry.at, 30);
  if (entry.isEncrypted || head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) throw new NoZipError();
  const start = entry.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const data = zip.slice(start, start + entry.packed);
  if (entry.method === STORED) return data;
  if (entry.method !== DEFLATED) throw new NoZipError();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = data.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.byteLength;
    if (size > entry.size) {
      await reader.cancel();
      throw new NoZipError();
    }
    parts.push(read.value);
  }
  return new Blob(parts);
}
