(function () {
  "use strict";
  document.documentElement.classList.add("js");
  document.querySelectorAll(".list").forEach(function (list) {
    var body = list.querySelector("tbody"), rows = Array.from(body.rows);
    var text = list.querySelector("input[type=search]"), boxes = list.querySelectorAll("input[type=checkbox]");
    var said = list.querySelector("output");
    function show() {
      var words = text.value.toLowerCase().split(/\s+/), shown = 0;
      rows.forEach(function (row) {
        var has = row.textContent.toLowerCase();
        var is = words.every(function (word) { return has.includes(word); }) &&
          Array.from(boxes).every(function (box) { return !box.checked || row.hasAttribute("data-" + box.name); });
        row.hidden = !is;
        shown += is;
      });
      said.textContent = shown === rows.length ? "" : shown + " of " + rows.length;
    }
    text.addEventListener("input", show);
    boxes.forEach(function (box) { box.addEventListener("change", show); });
    show();
    list.querySelectorAll("th").forEach(function (head, at) {
      var button = document.createElement("button");
      button.textContent = head.textContent;
      head.textContent = "";
      head.append(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        list.querySelectorAll("th").forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var number = head.classList.contains("num");
        rows.sort(function (one, other) {
          var a = one.cells[at].textContent, b = other.cells[at].textContent;
          var by = number ? (parseFloat(a) || 0) - (parseFloat(b) || 0) : a.localeCompare(b, undefined, { numeric: true });
          return down ? -by : by;
        });
        rows.forEach(function (row) { body.append(row); });
      });
    });
  });
})();