/**
 * The line to the server: one WebSocket at a time, dialled again whenever it is lost.
 *
 * It says "up" only when the server has answered the greeting. It knows nothing of conversations.
 */
import { PROTOCOL_VERSION, type ClientFrame, type Farewell, type ServerFrame, type Welcome } from "./protocol";

export type LineState =
  | { readonly at: "dialling"; readonly tries: number }
  | { readonly at: "up" }
  | { readonly at: "pausing"; readonly tries: number; readonly untilMs: number }
  | { readonly at: "refused"; readonly farewell: Farewell }
  | { readonly at: "closed" };

export type Heard = Exclude<ServerFrame, Welcome | Farewell>;

export interface LineOwner {
  stateChanged(state: LineState): void;
  welcomed(welcome: Welcome): void;
  heard(frame: Heard): void;
}

/** The part of WebSocket that is needed. */
export interface Dialled {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(data: string): void;
  close(): void;
}

export interface LineOptions {
  readonly dial: () => Dialled;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** So often it is dialled after the first pause: a server that is started anew is back in a second or two. */
  readonly quickTries: number;
  /** A server that does not answer the greeting for so long is not there. */
  readonly greetingMs: number;
}

export class Line {
  private socket: Dialled | null = null;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private farewell: Farewell | null = null;
  state: LineState = { at: "closed" };

  constructor(
    private readonly owner: LineOwner,
    private readonly options: LineOptions,
  ) {}

  /** Dial, unless a connection stands or is being made. */
  open(): void {
    if (this.state.at === "up" || this.state.at === "dialling") return;
    this.dial();
  }

  /** Hang up for good; `open` dials again. */
  close(): void {
    this.forget();
    this.tries = 0;
    this.change({ at: "closed" });
  }

  /** The network is said to be gone, or the connection to be dead. */
  lost(): void {
    if (this.state.at === "up" || this.state.at === "dialling") this.hungUp();
  }

  /** False where there is no connection: nothing was sent. */
  send(frame: ClientFrame): boolean {
    if (this.state.at !== "up" || !this.socket) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  private dial(): void {
    this.forget();
    this.tries += 1;
    this.change({ at: "dialling", tries: this.tries });
    const socket = this.options.dial();
    this.socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "greeting", version: PROTOCOL_VERSION } satisfies ClientFrame));
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.take(JSON.parse(data) as ServerFrame);
    };
    socket.onclose = () => {
      this.hungUp();
    };
    this.timer = setTimeout(() => {
      this.hungUp();
    }, this.options.greetingMs);
  }

  private take(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.stopTimer();
        this.tries = 0;
        this.change({ at: "up" });
        this.owner.welcomed(frame);
        break;
      case "farewell":
        this.farewell = frame;
        break;
      default:
        this.owner.heard(frame);
    }
  }

  private hungUp(): void {
    const { farewell } = this;
    this.forget();
    if (farewell && !farewell.again) {
      this.change({ at: "refused", farewell });
      return;
    }
    const { firstPauseMs, longestPauseMs, quickTries } = this.options;
    const doublings = Math.min(Math.max(0, this.tries - quickTries), 16);
    const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** doublings);
    const pause = this.tries === 0 && !farewell ? 0 : longest * (0.5 + Math.random() / 2);
    this.change({ at: "pausing", tries: this.tries, untilMs: Date.now() + pause });
    this.timer = setTimeout(() => {
      this.dial();
    }, pause);
  }

  private forget(): void {
    this.stopTimer();
    this.farewell = null;
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private change(state: LineState): void {
    this.state = state;
    this.owner.stateChanged(state);
  }
}
