// The leaderboard: sorted by its headers, filtered by name, with or without parts and further metrics.

function leaderboard() {
  const table = byId("board"), body = table.tBodies[0], filter = byId("filter");
  const heads = [...table.tHead.rows[0].cells];
  const show = () => {
    table.classList.toggle("with-parts", byId("parts").checked);
    table.classList.toggle("with-more", byId("more").checked);
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of body.rows) row.hidden = !words.every((word) => row.dataset.name.toLowerCase().includes(word));
    const count = [...body.rows].filter((row) => !row.hidden && row.classList.contains("whole")).length;
    byId("shown").textContent = `${count} of ${model.methods.length} methods`;
  };
  const sort = (head) => {
    const column = heads.indexOf(head), text = "text" in head.dataset;
    const usual = text || head.dataset.better === "asc" ? "ascending" : "descending";
    const other = usual === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === usual ? other : usual;
    const sign = order === "ascending" ? 1 : -1;
    const value = (row) => Number(row.cells[column].dataset.value ?? NaN);
    const compare = (a, b) => {
      if (text) return sign * a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true });
      const [one, two] = [value(a), value(b)];
      return isNaN(one) - isNaN(two) || (isNaN(one) ? 0 : sign * (one - two)); // those without a value last
    };
    for (const cell of heads) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    body.append(...[...body.rows].sort(compare));
    if (text) return;
    for (const row of body.rows) {
      const { low, high } = row.cells[column].dataset;
      row.cells[0].textContent = low === undefined ? "–" : low === high ? low : `${low}-${high}`;
    }
  };
  for (const head of heads.filter((cell) => cell.dataset.metric || "text" in cell.dataset)) {
    const button = make("button", { type: "button" }, ...head.firstChild.childNodes);
    button.addEventListener("click", () => sort(head));
    head.replaceChildren(button);
  }
  for (const control of [byId("parts"), byId("more")]) control.addEventListener("change", show);
  filter.addEventListener("input", show);
  show();
}
