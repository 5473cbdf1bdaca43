"""What runs within the page: each of these is JavaScript that gives a promise of numbers.

Words in capitals are put in by `fill`.
"""

import json
from typing import Any


def fill(probe: str, **values: Any) -> str:
    for name, value in values.items():
        probe = probe.replace(name.upper(), json.dumps(value))
    return probe


READABLE = "document.querySelector('.scroller li.message:last-child .markdown')?.innerText"

OPEN = f"""new Promise((done) => {{
  const link = [...document.querySelectorAll("a.recent")].find((one) => one.innerText.includes(TITLE));
  const began = performance.now();
  link.click();
  const look = () => {{
    if ({READABLE}) requestAnimationFrame(() => done(performance.now() - began));
    else requestAnimationFrame(look);
  }};
  look();
}})"""
"""Milliseconds from the click on the conversation called TITLE until its last message is drawn."""

SCROLL = """new Promise((done) => {
  const box = document.querySelector(".scroller");
  const times = [];
  const began = performance.now();
  let before = 0;
  const step = (now) => {
    if (before > 0) {
      times.push(now - before);
      box.scrollTop += SPEED * Math.min(now - before, 100);
    }
    before = now;
    if (now - began < LENGTH) requestAnimationFrame(step);
    else done(times);
  };
  requestAnimationFrame(step);
})"""
"""Milliseconds of each frame while SPEED pixels a millisecond are scrolled, LENGTH milliseconds long."""

REST = """new Promise((done) => {
  const times = [];
  let before = 0;
  const step = (now) => {
    if (before > 0) times.push(now - before);
    before = now;
    if (times.length < 180) requestAnimationFrame(step);
    else done(times);
  };
  requestAnimationFrame(step);
})"""
"""Milliseconds of each frame while nothing happens: what the machine can give."""

TO_START = """new Promise((done) => {
  const box = document.querySelector(".scroller");
  const began = performance.now();
  const step = () => {
    box.scrollTop = 0;
    const first = document.querySelector('.scroller li.message[aria-posinset="1"]');
    if (!first || document.querySelector(".older")) requestAnimationFrame(step);
    else requestAnimationFrame(() => done(performance.now() - began));
  };
  step();
})"""
"""Milliseconds from where one is to the first message, scrolled up as far as it goes at each frame."""

LISTEN = """new Promise((done) => {
  const times = (window.keyTimes = []);
  document.querySelector("form textarea").addEventListener("keydown", ({ timeStamp }) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => times.push(performance.now() - timeStamp);
      port2.postMessage(null); // comes when the frame is drawn
    });
  });
  done(true);
})"""
"""From now on `keyTimes` gets the milliseconds from each key in the composer to the frame that shows it."""

KEYS = "new Promise((done) => setTimeout(() => done(window.keyTimes.splice(0)), 100))"

STREAM = """new Promise((done) => {
  const times = [];
  let before = 0;
  let began = false;
  const step = (now) => {
    const live = document.querySelector(".scroller .markdown.live") !== null;
    if (live && before > 0) times.push(now - before);
    before = live ? now : 0;
    if (live) began = true;
    const over = document.querySelector(".scroller li.message.mine + li.message:last-child .actions");
    if (began ? live : !over) requestAnimationFrame(step);
    else done(times);
  };
  requestAnimationFrame(step);
})"""
"""Milliseconds of each frame from a reply's first letters to its end."""

JUMP = """new Promise((done) => {
  const hit = document.querySelector("#found li.message");
  const began = performance.now();
  hit.click();
  const look = () => {
    const found = document.querySelector(".scroller li.message.found");
    const box = document.querySelector(".scroller")?.getBoundingClientRect();
    const place = found?.getBoundingClientRect();
    if (place && place.bottom > box.top && place.top < box.bottom) {
      requestAnimationFrame(() => done(performance.now() - began));
    } else requestAnimationFrame(look);
  };
  look();
})"""
"""Milliseconds from the click on the search's first message until it is in view."""
