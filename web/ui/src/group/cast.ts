/** Who is in a group, as the page shows it. Pure. */
import type { Companion } from "../chat/useChat";
import type { Character, Face, Group, GroupWish, Member } from "../wire/protocol";

/** A member with its picture. */
export interface Seat extends Companion {
  readonly version: string;
  readonly muted: boolean;
  readonly left: boolean;
  readonly talkativeness: number;
}

export function seatsOf(group: Group, characters: readonly Character[], faces: readonly Face[]): readonly Seat[] {
  return group.members.map((member) => {
    const character = characters.find((one) => one.version === member.version);
    const face = faces.find((one) => one.version === member.version);
    return {
      version: member.version,
      name: member.nickname === "" ? member.name : member.nickname,
      portrait: character?.thumb || character?.portrait || face?.portrait || "",
      tagline: character?.tagline ?? "",
      muted: member.muted,
      left: member.left,
      talkativeness: member.talkativeness,
    };
  });
}

/** Whose turn it is by order: the first after `last` who speaks unasked. The others decide when a message comes. */
export function nextInOrder(group: Group, last: string): string {
  if (group.turns !== "order") return "";
  const start = group.members.findIndex((member) => member.version === last) + 1;
  const round = [...group.members.slice(start), ...group.members.slice(0, start)];
  return round.find((member) => !member.left && !member.muted)?.version ?? "";
}

/** The wish that changes nothing. */
export function wishOf(group: Group): Required<Omit<GroupWish, "members">> & { members: WishedMember[] } {
  const { turns, round, joined } = group;
  return { members: group.members.filter((member) => !member.left).map(wishedOf), turns, round, joined };
}

export interface WishedMember {
  version: string;
  muted: boolean;
  /** null: as the card says */
  talkativeness: number | null;
}

const wishedOf = ({ version, muted, talkativeness }: Member): WishedMember => ({ version, muted, talkativeness });

/** The list with the member at `from` moved by `by` places. */
export function moved<Item>(list: readonly Item[], from: number, by: -1 | 1): Item[] {
  const now = [...list];
  const [item] = now.splice(from, 1);
  if (item !== undefined) now.splice(from + by, 0, item);
  return now;
}
