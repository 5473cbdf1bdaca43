"""What runs within the page: each of these is JavaScript that gives a promise of numbers, or of JSON."""

READABLE = "document.querySelector('li.message:last-child .markdown')?.innerText"

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
    const first = document.querySelector('li.message[aria-posinset="1"]');
    if (!first || document.querySelector(".older")) requestAnimationFrame(step);
    else requestAnimationFrame(() => done(performance.now() - began));
  };
  step();
})"""
"""Milliseconds from the end to the first message, scrolled up as far as it goes at each frame."""
