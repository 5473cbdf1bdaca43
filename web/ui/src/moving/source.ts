/** Where a folder comes from: one that was chosen or dropped, or a zip of it. */
import { filesOfZip } from "./zip";

export interface SourceFile {
  readonly path: string;
  readonly size: number;
  /** Rejects where the file cannot be read any more. */
  readonly blob: () => Promise<Blob>;
}

/** Folders of programs, not of people: hundreds of thousands of files that nobody wants. */
const PROGRAMS = /(^|\/)(node_modules|\.git)(\/|$)/;

const ZIP = /\.zip$/i;
/** How files are called that are cards. */
const CARD = /\.(a?png|webp|jpe?g|json|charx)$/i;

const isZip = (file: File): boolean => ZIP.test(file.name);

/** The files of an input, of a whole folder or a zip. */
export async function filesChosen(files: readonly File[]): Promise<SourceFile[]> {
  const [first] = files;
  if (files.length === 1 && first && isZip(first)) {
    const inside = await filesOfZip(first);
    // A CHARX by another name: its files belong together.
    if (inside.some((file) => file.path === "card.json")) return [sourceOf(first, first.name.replace(ZIP, ".charx"))];
    return wanted(inside);
  }
  return wanted(files.map((file) => sourceOf(file, file.webkitRelativePath || file.name)));
}

/** Of a drop: call it while the event is told, since what was dropped is gone afterwards. */
export function filesDropped(transfer: DataTransfer): Promise<SourceFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files = [...transfer.files];
  if (!entries.some((entry) => entry.isDirectory)) return filesChosen(files);
  return Promise.all(entries.map(filesBelow)).then((found) => wanted(found.flat()));
}

/** Whether a drop is a folder or a zip, and no card. */
export function isFolderOrZip(transfer: DataTransfer): boolean {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  return entries.some((entry) => entry?.isDirectory) || (transfer.files.length === 1 && [...transfer.files].every(isZip));
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Those that are called as cards are, in the order of their paths; macOS' notes beside files are none. */
export function cardsAmong(files: readonly SourceFile[]): SourceFile[] {
  const cards = files.filter(({ path }) => CARD.test(path) && !nameOf(path).startsWith("."));
  return cards.sort((one, other) => one.path.localeCompare(other.path));
}

/** What is read when its turn comes. Rejects where the file cannot be read any more. */
export async function fileOf(source: SourceFile): Promise<File> {
  const blob = await source.blob();
  await blob.slice(0, 1).arrayBuffer(); // a file that is gone says so here
  return new File([blob], nameOf(source.path));
}

const wanted = (files: readonly SourceFile[]): SourceFile[] => files.filter((file) => !PROGRAMS.test(file.path));

const sourceOf = (file: File, path: string): SourceFile => ({ path, size: file.size, blob: () => Promise.resolve(file) });

async function filesBelow(entry: FileSystemEntry): Promise<SourceFile[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (PROGRAMS.test(path)) return [];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return [sourceOf(file, path)];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: SourceFile[] = [];
  for (let some = await entriesOf(reader); some.length > 0; some = await entriesOf(reader)) {
    for (const each of some) files.push(...(await filesBelow(each)));
  }
  return files;
}

/** A hundred at a time, and none at the end. */
const entriesOf = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => {
    reader.readEntries(resolve, reject);
  });
