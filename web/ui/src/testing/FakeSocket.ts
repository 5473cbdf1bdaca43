/** Stands in for the browser's WebSocket: keeps what is sent, and says what the test lets it say. */
import { vi } from "vitest";
import type { Dialled } from "../wire/line";
import type { ClientFrame, ServerFrame } from "../wire/protocol";

export class FakeSocket implements Dialled {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: ClientFrame[] = [];
  isClosed = false;

  constructor(readonly url = "") {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1);
    if (!last) throw new Error("nobody dialled");
    return last;
  }

  static install(): void {
    FakeSocket.all = [];
    vi.stubGlobal("WebSocket", FakeSocket);
  }

  send(data: string): void {
    if (this.isClosed) throw new Error("sent on a closed socket");
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  close(): void {
    this.isClosed = true;
  }

  // -- what the server does -----------------------------------------------------------------------

  say(...frames: ServerFrame[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The handshake, the greeting and its answer. */
  welcome(role = "user"): this {
    this.onopen?.();
    this.say({ type: "welcome", version: 1, boot: "b", user: "u", user_name: "Anna", role });
    return this;
  }

  drop(): void {
    this.isClosed = true;
    this.onclose?.();
  }

  framesOf<Type extends ClientFrame["type"]>(type: Type): Extract<ClientFrame, { type: Type }>[] {
    return this.sent.filter((frame): frame is Extract<ClientFrame, { type: Type }> => frame.type === type);
  }
}
