import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeSocket } from "../testing/FakeSocket";
import { Line, type Heard, type LineState } from "./line";

let states: LineState["at"][];
let heard: Heard[];
let welcomes: number;
let line: Line;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  FakeSocket.all = [];
  states = [];
  heard = [];
  welcomes = 0;
  line = new Line(
    {
      stateChanged: (state) => states.push(state.at),
      welcomed: () => (welcomes += 1),
      heard: (frame) => heard.push(frame),
    },
    { dial: () => new FakeSocket(), firstPauseMs: 250, longestPauseMs: 8_000, quickTries: 2, greetingMs: 10_000 },
  );
});

afterEach(() => {
  vi.useRealTimers();
});

const farewell = (code: "login" | "version" | "going_down" | "too_many", again: boolean) =>
  ({ type: "farewell", code, text: "Farewell.", again }) as const;

describe("a line", () => {
  test("greets first, and is up when it is welcomed", () => {
    line.open();
    expect(line.send({ type: "close", conversation: "c" })).toBe(false);
    FakeSocket.last.onopen?.();
    expect(FakeSocket.last.sent).toEqual([{ type: "greeting", version: 1 }]);
    expect(line.state.at).toBe("dialling");
    FakeSocket.last.welcome();
    expect(line.state.at).toBe("up");
    expect(welcomes).toBe(1);
    expect(line.send({ type: "close", conversation: "c" })).toBe(true);
  });

  test("is one line, however often it is opened", () => {
    line.open();
    line.open();
    FakeSocket.last.welcome();
    line.open();
    expect(FakeSocket.all).toHaveLength(1);
  });

  test("hands on what it hears", () => {
    line.open();
    FakeSocket.last.welcome().say({ type: "conversations_changed" });
    expect(heard).toEqual([{ type: "conversations_changed" }]);
  });

  test("that is cut dials again at once, then often, then ever more slowly", () => {
    line.open();
    FakeSocket.last.welcome().drop();
    vi.advanceTimersByTime(0);
    expect(FakeSocket.all).toHaveLength(2);
    const pauses = [250, 250, 500, 1_000, 2_000, 4_000, 8_000, 8_000];
    pauses.forEach((pause, index) => {
      FakeSocket.last.drop();
      vi.advanceTimersByTime(pause - 1);
      expect(FakeSocket.all).toHaveLength(index + 2);
      vi.advanceTimersByTime(1);
      expect(FakeSocket.all).toHaveLength(index + 3);
    });
  });

  test("forgets how often it failed once it is up", () => {
    line.open();
    FakeSocket.last.drop();
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome().drop();
    vi.advanceTimersByTime(0);
    expect(FakeSocket.all).toHaveLength(3);
  });

  test("gives up a server that does not answer the greeting", () => {
    line.open();
    const silent = FakeSocket.last;
    silent.onopen?.();
    vi.advanceTimersByTime(10_000);
    expect(silent.isClosed).toBe(true);
    expect(line.state.at).toBe("pausing");
  });

  test("hears nothing of a socket that it has given up", () => {
    line.open();
    const old = FakeSocket.last.welcome();
    line.lost();
    expect(old.isClosed).toBe(true);
    old.say({ type: "conversations_changed" });
    expect(heard).toEqual([]);
  });

  test("can be dialled by hand during a pause", () => {
    line.open();
    FakeSocket.last.drop();
    expect(line.state.at).toBe("pausing");
    line.open();
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(10_000 - 1);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("does not dial again after a farewell for good", () => {
    line.open();
    FakeSocket.last.welcome().say(farewell("version", false));
    FakeSocket.last.drop();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(line.state).toMatchObject({ at: "refused", farewell: { code: "version" } });
  });

  test("comes back after a farewell for a while", () => {
    line.open();
    FakeSocket.last.welcome().say(farewell("going_down", true));
    FakeSocket.last.drop();
    expect(line.state.at).toBe("pausing");
    vi.advanceTimersByTime(250);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("that was closed stays closed", () => {
    line.open();
    FakeSocket.last.welcome();
    line.close();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(states).toEqual(["dialling", "up", "closed"]);
  });
});
