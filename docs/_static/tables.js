// On a phone, tables of text become cards: each cell then says which column it is from (site.css).
// Printed sentences wrap; printed tables, which have columns, scroll.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".bd-article table.table")) {
    const heads = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    const cells = [...table.querySelectorAll("tbody td")];
    if (heads.length < 2 || !cells.some((cell) => cell.textContent.length > 24 && /[a-z]{3} [a-z]{2}/.test(cell.textContent))) continue;
    table.classList.add("sf-cards");
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.children].forEach((cell, number) => { 
        cell.dataset.label = heads[number] || "";
        cell.classList.toggle("sf-empty", !cell.textContent.trim());
      });
    }
  }
  for (const block of document.querySelectorAll(".bd-article .sphx-glr-script-out pre, .bd-article .highlight-text pre")) {
    const long = block.textContent.split("\n").filter((line) => line.length > 60);
    if (long.length && !long.some((line) => /\S {2,}\S/.test(line))) block.classList.add("sf-sentences");
  }
});
