"use strict";
// Sorts tables of the class "sorts" by the column whose heading is clicked, or that is chosen on a narrow screen.
// There rows are cards, and only the first few of the order are shown until the reader asks for all.
(function () {
  const MISSING = "\u2013", CARDS = 8;

  // Numbers sort as numbers, all other texts (dates are year first) as texts.
  function key(text) {
    const number = text.replace(/[,\s%]/g, "").replace("\u2212", "-");
    return number !== "" && !Number.isNaN(Number(number)) ? Number(number) : text.toLowerCase();
  }

  function compare(a, b) {
    return typeof a === typeof b ? (a < b ? -1 : Number(a > b)) : typeof a === "number" ? -1 : 1;
  }

  function sort(table, column, falling) {
    const body = table.tBodies[0], text = (row) => row.cells[column].textContent.trim();
    const known = [...body.rows].filter((row) => text(row) !== MISSING);
    const missing = [...body.rows].filter((row) => text(row) === MISSING);
    known.sort((a, b) => (falling ? -1 : 1) * compare(key(text(a)), key(text(b))));
    body.append(...known, ...missing);
    [...table.tHead.rows[0].cells].forEach((cell, i) => {
      if (i === column) cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  }

  function headings(table) {
    [...table.tHead.rows[0].cells].forEach((cell, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = cell.textContent;
      button.addEventListener("click", () => sort(table, i, cell.getAttribute("aria-sort") === "ascending"));
      cell.replaceChildren(button);
    });
  }

  function chooser(table) {
    const label = document.createElement("label"), select = document.createElement("select");
    label.className = "sort-by";
    select.add(new Option("as listed", ""));
    [...table.tHead.rows[0].cells].forEach((cell, i) => {
      select.add(new Option(cell.textContent + ", rising", i + " rising"));
      select.add(new Option(cell.textContent + ", falling", i + " falling"));
    });
    const listed = [...table.tBodies[0].rows];
    select.addEventListener("change", () => {
      const [column, order] = select.value.split(" ");
      if (order) sort(table, Number(column), order === "falling");
      else table.tBodies[0].append(...listed);
    });
    label.append("Sort by ", select);
    table.parentElement.before(label);
  }

  function fold(table) {
    const count = table.tBodies[0].rows.length;
    if (!table.classList.contains("cards") || count <= CARDS) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "show-all";
    button.textContent = "Show all " + count.toLocaleString("en");
    button.addEventListener("click", () => { table.classList.remove("folded"); button.remove(); });
    table.classList.add("folded");
    table.parentElement.after(button);
  }

  document.querySelectorAll("table.sorts").forEach((table) => { chooser(table); headings(table); fold(table); });
})();
