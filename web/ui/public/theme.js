// Runs before the first paint, so that the page does not flash in the other theme. See src/theme/useTheme.ts.
(function () {
  var choice = "system";
  try {
    choice = localStorage.getItem("samovar.theme") || "system";
  } catch {
    // Storage is forbidden: the system's theme it is.
  }
  var dark = choice === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : choice === "dark";
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
