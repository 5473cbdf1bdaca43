/** The report of a move as the page shows it. */
import type { MovedItem, MoveReport } from "../wire/protocol";

export interface Section {
  readonly name: "refused" | "remarks" | "left_out" | "imported" | "known";
  readonly items: readonly MovedItem[];
}

/** What went wrong comes first; what needs no word comes last. */
export function sectionsOf(report: MoveReport): Section[] {
  const of = (status: MovedItem["status"]): MovedItem[] => report.items.filter((item) => item.status === status);
  const imported = of("imported");
  const sections: Section[] = [
    { name: "refused", items: of("refused") },
    { name: "remarks", items: imported.filter((item) => item.remarks.length > 0) },
    { name: "imported", items: imported.filter((item) => item.remarks.length === 0) },
    { name: "known", items: of("known") },
    { name: "left_out", items: of("left_out") },
  ];
  return sections.filter((section) => section.items.length > 0);
}

/** Where the thing is to be seen; null where it has no page of its own. */
export function placeOf(item: MovedItem): { name: string; params?: { id: string } } | null {
  if (item.id === null) return null;
  switch (item.kind) {
    case "chat":
    case "group":
    case "group_chat":
      return { name: "chat", params: { id: item.id } };
    case "lorebook":
      return { name: "lorebook", params: { id: item.id } };
    case "persona":
      return { name: "personas" };
    default:
      return null;
  }
}

/** What it is called for people, and the file it came from where that says more. */
export const calledOf = (item: MovedItem): string => item.title || item.name;

export function saveReport(report: MoveReport): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }));
  link.download = "moving-in.json";
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
}
