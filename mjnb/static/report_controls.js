// 3 of 5. The controls above the grid, and what each of them changes.

function hide(a, value, gone) {
  chosen.hidden[a][gone ? "add" : "delete"](value);
  $("told").textContent = `${named(a, value)} ${gone ? "hidden" : "shown"}`;
  changed();
}

/** Give an axis to a role; whichever role had it takes the other in exchange. */
function assign(role, a) {
  const other = ROLES.find((name) => name !== role && a >= 0 && chosen[name] === a);
  if (other) chosen[other] = chosen[role];
  chosen[role] = a;
  turns.clear();
  changed();
}

function roleControl(role, word) {
  const option = (a, name) => el("option", { value: a, selected: chosen[role] === a }, name);
  return el(
    "label",
    { class: "field" },
    el("span", {}, word),
    el(
      "select",
      { id: `role-${role}`, onchange: (event) => assign(role, Number(event.target.value)) },
      option(-1, "none"),
      data.axes.map((axis, a) => option(a, axis.label)),
    ),
  );
}

/** A slider over the values of one left-over axis; at its first stop, "all", they pile up in their cells. */
function placeControl(a) {
  const stops = [-1, ...visible(a)];
  const text = (stop) => (stop < 0 ? "all" : data.axes[a].values[stop]);
  const now = placeOf(a);
  const move = ({ target }) => {
    chosen.at[a] = stops[target.value];
    target.nextSibling.textContent = text(chosen.at[a]);
    target.setAttribute("aria-valuetext", text(chosen.at[a]));
    drawGrid(); // not the controls: the slider is in somebody's hand
    remember();
  };
  const output = el("output", { for: `place-${a}` }, text(now));
  output.style.setProperty("--chars", Math.max(...stops.map((stop) => text(stop).length)));
  return el(
    "label",
    { class: "field" },
    el("span", {}, data.axes[a].label),
    el(
      "span",
      { class: "slide" },
      el("input", {
        type: "range",
        id: `place-${a}`,
        min: 0,
        max: stops.length - 1,
        value: Math.max(0, stops.indexOf(now)),
        "aria-valuetext": text(now),
        oninput: move,
        onchange: () => changed(`place-${a}`),
      }),
      output,
    ),
  );
}

function pictureControl() {
  const most = Math.max(...data.tasks.map((task) => task.pictures.length));
  if (most < 2) return null;
  const choose = (index) => {
    chosen.picture = index;
    changed(`picture-${index}`);
  };
  const option = (index) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "picture",
        id: `picture-${index}`,
        checked: chosen.picture === index,
        onchange: () => choose(index),
      }),
      el("span", {}, index < 0 ? "all" : index + 1),
    );
  const options = [...Array(most + 1).keys()].map((index) => option(index - 1));
  return el(
    "div",
    { class: "field", role: "radiogroup", "aria-label": "Picture" },
    el("span", {}, "Picture"),
    el("span", { class: "segments" }, options),
  );
}

function sizeControl() {
  const resize = (event) => {
    chosen.size = Number(event.target.value);
    size();
    remember();
  };
  return el(
    "label",
    { class: "field" },
    el("span", {}, "Size"),
    el("input", { type: "range", id: "size", ...SIZES, oninput: resize }),
  );
}

/** Every value of every axis with a box to tick: what is hidden can be found again. */
function valuesControl() {
  const gone = chosen.hidden.reduce((sum, values) => sum + values.size, 0);
  const box = (a, value) =>
    el(
      "label",
      { class: "check" },
      el("input", {
        type: "checkbox",
        id: `value-${a}-${value}`,
        checked: !chosen.hidden[a].has(value),
        disabled: visible(a).length < 2 && !chosen.hidden[a].has(value),
        onchange: (event) => {
          hide(a, value, !event.target.checked);
          $(`value-${a}-${value}`).focus();
        },
      }),
      el("span", {}, data.axes[a].values[value]),
    );
  const group = (axis, a) =>
    el(
      "fieldset",
      {},
      el("legend", {}, axis.label),
      axis.values.map((_, value) => box(a, value)),
    );
  return menu("values", gone ? `Values (${gone} hidden)` : "Values", data.axes.map(group));
}

/** A button that opens a small list of boxes; Escape or a press elsewhere closes it. */
function menu(id, word, ...children) {
  const node = el(
    "details",
    { class: "menu", id, open: $(id)?.open ?? false },
    el("summary", {}, word),
    el("div", { class: "menu-list" }, ...children),
  );
  node.addEventListener(
    "keydown",
    (event) => event.key === "Escape" && ((node.open = false), node.querySelector("summary").focus()),
  );
  return node;
}

function showAll() {
  chosen.hidden.forEach((values) => values.clear());
  changed();
}

function drawControls() {
  const several = data.axes.length > 0;
  const swap = () => {
    [chosen.rows, chosen.cols] = [chosen.cols, chosen.rows];
    changed("swap");
  };
  const hidden = chosen.hidden.some((values) => values.size);
  $("controls").replaceChildren(
    ...[
      several && roleControl("rows", "Rows"),
      several &&
        el(
          "button",
          {
            type: "button",
            id: "swap",
            class: "icon",
            title: "Swap rows and columns",
            "aria-label": "Swap rows and columns",
            onclick: swap,
          },
          "⇄",
        ),
      several && roleControl("cols", "Columns"),
      several && roleControl("facet", "Panels"),
      ...leftOver().map(placeControl),
      pictureControl(),
      sizeControl(),
      several && valuesControl(),
      hidden && el("button", { type: "button", class: "quiet", onclick: showAll }, "Show all values"),
    ].filter(Boolean),
  );
}

/** Draw everything that follows from the choice, keep it in the address, and leave the focus where it was. */
function changed(focus = document.activeElement?.id) {
  drawControls();
  drawGrid();
  remember();
  if (focus && $(focus)) $(focus).focus();
}
