// Starts everything.

for (const form of document.querySelectorAll("form.controls")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
}
for (const part of [leaderboard, scatter, profile, descriptions, transfer, poses, orbits, retrieval, confusion, objects, training, saving]) part();

let width = document.documentElement.clientWidth, waiting = 0;
addEventListener("resize", () => {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => {
    if (width === document.documentElement.clientWidth) return;
    width = document.documentElement.clientWidth;
    for (const redraw of redraws) redraw();
  });
});
