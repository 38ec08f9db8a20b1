"use strict";
(function () {
  const ROBUST_EDGE = 0.04; // of the values in view, at either end, that need not fit
  const ROBUST_ROOM = 0.6; // of the height of the others, left free above and below them
  const WORTH_CUTTING = 0.25; // of that height: less is shown and not cut off
  const NEAR = 10; // pixels between a click and the mark it means
  const MARK = 22; // pixels that the number of a verdict takes, either way
  const LETTER = 11; // pixels, with its share of the frame, of a mark of several letters
  const PAIR = 64; // pixels that the letters of two runs take
  const FEW = 6; // places where two runs diverge that are shaded and have a button each
  const STEP = 0.2; // of the width in view that a key moves or zooms
  const COLOURS = 6;
  const DASHES = [undefined, [12, 3], [2, 2], [12, 3, 2, 3]]; // of runs whose colours begin again
  const HEIGHTS = [300, 170]; // of the first panel, of those beneath
  const ROUND = Array.from({ length: 16 }, (_, n) => [1, 2, 5].map((times) => times * Math.pow(10, n))).flat(); // between steps that bear a number
  const DIGIT = 7; // pixels, of a step along its axis
  const AXIS = 62; // the same width in all panels, so that their steps stand below each other
  const ROWS = 300; // of a batch in view at once; as many again on demand
  const CHANGE = "◆", EXPLAINED = "◇"; // the signs of changes below the first panel
  const NARROW = 520; // pixels; below it verdicts are closed at first

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const byId = (id) => document.getElementById(id);
  const fill = (text, what) => text.replace(/\{(\w+)\}/g, (all, key) => (key in what ? what[key] : all));
  const SMALL = 1e-3, SMALL_RATE = 1e-2, LARGE = 1e6; // beyond, a number is written with its power of ten
  const DIGITS = [4, 7]; // of a number, and of an axis that is zoomed into

  function short(value, rate, digits = DIGITS[0]) {
    if (value == null) return "";
    const size = Math.abs(value), plain = size === 0 || (size >= (rate ? SMALL_RATE : SMALL) && size < LARGE);
    if (!plain) return value.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
    return String(Number(value.toPrecision(digits)));
  }

  /* The numbers along an axis, in as many digits as tell one from the next. */
  function ticked(ticks, rate) {
    const there = ticks.filter((tick) => tick != null);
    const gap = Math.min(...there.slice(1).map((tick, n) => Math.abs(tick - there[n])));
    const digits = 1 + Math.ceil(Math.log10(Math.max(...there.map(Math.abs)) / gap) || 0);
    return ticks.map((tick) => (tick == null ? "" : short(tick, rate, Math.min(Math.max(digits, DIGITS[0]), DIGITS[1]))));
  }

  function make(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text != null) made.textContent = text;
    return made;
  }

  // --- charts ---------------------------------------------------------------------------------

  const state = { log: false, full: false, smooth: false, plots: [], data: null, first: 0, last: 1, asked: null, busy: false };

  function charts(data) {
    state.data = data;
    const steps = data.panels.flatMap((panel) => panel.curves.flatMap((c) => [c.x[0], c.x[c.x.length - 1]]));
    const known = steps.filter((step) => step != null);
    if (!known.length) return;
    state.first = known.reduce((a, b) => Math.min(a, b));
    state.last = known.reduce((a, b) => Math.max(a, b));
    if (state.first === state.last) { state.first -= 1; state.last += 1; }
    build(state.first, state.last);
    tools();
    new ResizeObserver(resize).observe(byId("panels"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
    // Print keeps its own colours, which are dark on white.
    addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details")) d.open = true; redraw(); });
    addEventListener("afterprint", () => redraw());
    if (location.hash) open(location.hash.slice(1), true);
  }

  function build(min, max) {
    const root = byId("panels");
    for (const plot of state.plots) plot.destroy();
    root.textContent = "";
    state.plots = [];
    state.data.panels.forEach((panel, index) => {
      const box = make("div", "panel");
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", fill(state.data.words.html_chart_of, { series: panel.name }));
      root.append(box);
      const cut = make("p", "cut");
      const plot = new uPlot(options(panel, index, box, cut), joined(panel), box);
      plot.cutLine = cut;
      box.append(cut);
      box.addEventListener("keydown", keys);
      state.plots.push(plot);
    });
    root.append(legend());
    zoom(min, max, state.asked);
  }

  /* What the marks mean, of those that there are. */
  function legend() {
    const { marks, changes, epochs, words } = state.data;
    const line = make("p", "legend");
    const key = (there, className, sign, text) => {
      if (!there) return;
      const item = make("span");
      const mark = make("span", `key ${className}`, sign);
      mark.setAttribute("aria-hidden", "true");
      item.append(mark, ` ${text}`);
      line.append(item);
    };
    key(marks.some((mark) => mark.id), "number", "1", words.html_finding);
    key(marks.some((mark) => !mark.id), "number", "a-b", words.html_parting);
    key(changes.some((each) => !each[2]), "change", CHANGE, words.change_point);
    key(changes.some((each) => each[2]), "change explained", EXPLAINED, words.html_explained);
    key(epochs.length, "epoch", "", words.epoch_boundary);
    return line;
  }

  function joined(panel) {
    const table = (x, y) => [x, state.log ? y.map((v) => (v > 0 ? v : null)) : y];
    const smooth = state.smooth ? panel.curves.filter((curve) => curve.smooth) : [];
    const tables = [...panel.curves.map((curve) => table(curve.x, curve.y)), ...smooth.map((curve) => table(curve.x, curve.smooth))];
    return tables.length === 1 ? tables[0] : uPlot.join(tables);
  }

  const width = (box) => Math.max(box.clientWidth, 200);
  const height = (index) => HEIGHTS[Math.min(index, 1)];

  function options(panel, index, box, cut) {
    const axis = { stroke: () => css("--dim"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { stroke: () => css("--line"), width: 1 } };
    const longest = DIGIT * String(state.last).length;
    const marked = index === 0 && state.data.marks.some((mark) => mark.at.length);
    return {
      width: width(box),
      height: height(index),
      padding: [marked ? MARK : null, longest / 2 + 4, null, null], // for the numbers of verdicts above the curve, and half a step at its right
      cursor: { sync: { key: "steps" }, drag: { x: true, y: false }, focus: { prox: panel.curves.length > 2 ? 30 : -1 }, dataIdx: nearest },
      legend: { live: true },
      scales: { x: { time: false, range: look }, y: { distr: state.log ? 3 : 1, range: (plot) => span(plot, cut, panel) } },
      axes: [
        { ...axis, size: 30, incrs: ROUND, space: Math.max(50, longest + 20), values: (plot, ticks) => ticks.map(String) },
        { ...axis, size: AXIS, ...(state.log ? { splits: powers, filter: (plot, ticks) => ticks } : {}), values: (plot, ticks) => ticked(ticks, panel.whole) },
      ],
      series: [{ label: state.data.words.html_step, value: (plot, step) => (step == null ? "" : String(step)) }, ...panel.curves.map((curve, n) => line(panel, curve, n)), ...smoothed(panel)],
      hooks: { setScale: [follow], drawAxes: [behind], draw: [buttons], ready: [clicks] },
    };
  }

  function line(panel, curve, n) {
    const several = panel.curves.some((other) => other.run !== curve.run);
    const colour = `--c${(several ? curve.run : n) % COLOURS}`;
    return {
      label: curve.label,
      stroke: () => css(colour),
      width: 1.4,
      dash: several && curve.dots ? [5, 4] : DASHES[Math.floor(curve.run / COLOURS) % DASHES.length],
      points: curve.dots ? { show: true, size: 5, fill: () => css(colour) } : { size: 4 },
      value: (plot, value) => short(value, panel.whole),
      alpha: state.smooth && curve.smooth ? 0.35 : 1,
    };
  }

  /* A running median in the colour of its curve; the curve itself fades behind it. */
  function smoothed(panel) {
    const drawn = panel.curves.map((curve, n) => ({ ...line(panel, curve, n), label: fill(state.data.words.html_smoothed, { series: curve.label }), width: 2.2, alpha: 1, points: { show: false }, dash: undefined }));
    return state.smooth ? drawn.filter((_, n) => panel.curves[n].smooth) : [];
  }

  /* The values nearest to the cursor: series of other steps have none just there. */
  function nearest(plot, series, index, at) {
    if (series === 0) return index;
    const values = plot.data[series];
    for (let far = 0; far < values.length; far += 1) {
      const left = index - far, right = index + far;
      const hasLeft = left >= 0 && values[left] != null, hasRight = right < values.length && values[right] != null;
      if (hasLeft && hasRight) return at - plot.data[0][left] <= plot.data[0][right] - at ? left : right;
      if (hasLeft) return left;
      if (hasRight) return right;
      if (left < 0 && right >= values.length) break;
    }
    return index;
  }

  /* Round numbers between the ends of a logarithmic axis: of one power of ten as on a plain axis. */
  function powers(plot, axis, min, max) {
    const decades = Math.log10(max / min), found = [];
    if (decades < 1) {
      const least = (max - min) / 6, power = Math.pow(10, Math.floor(Math.log10(least)));
      const gap = power * [1, 2, 5, 10].find((times) => times * power >= least);
      for (let n = Math.ceil(min / gap); n * gap <= max; n += 1) found.push(n * gap);
      return found;
    }
    const each = Math.ceil(decades / 6), digits = decades < 3 ? [1, 2, 5] : [1];
    for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power += each) {
      found.push(...digits.map((digit) => digit * Math.pow(10, power)).filter((tick) => tick >= min && tick <= max));
    }
    return found;
  }

  /* The range of x, asked for before that of y: the scale itself is told of it only after both. */
  function look(plot, min, max) {
    plot.look = [min, max];
    return plot.look;
  }

  /* The range of y: what nearly all values in view need; what it cuts off is said below. */
  function span(plot, cut, { curves, whole }) {
    const [min, max] = plot.look;
    const seen = [], asked = [];
    let low = null, high = null;
    for (let s = 1; s < plot.data.length; s += 1) {
      if (plot.series[s] && plot.series[s].show === false) continue;
      plot.data[s].forEach((value, i) => {
        const step = plot.data[0][i];
        if (value == null || step < min || step > max) return;
        seen.push(value);
        if (state.asked && step >= state.asked[0] && step <= state.asked[1]) asked.push(value);
        if (!low || value < low[0]) low = [value, step];
        if (!high || value > high[0]) high = [value, step];
      });
    }
    const said = state.log && curves.some((curve) => curve.y.some((value) => value != null && value <= 0)) ? [state.data.words.html_not_positive] : [];
    cut.textContent = said.join("");
    if (!seen.length) return state.log ? [0.1, 1] : [0, 1];
    const to = state.log ? Math.log10 : Number, from = state.log ? (v) => Math.pow(10, v) : Number;
    seen.sort((a, b) => a - b);
    const out = state.full || whole ? 0 : Math.floor(seen.length * ROBUST_EDGE);
    let bottom = to(seen[out]), top = to(seen[seen.length - 1 - out]);
    const room = (top - bottom) * ROBUST_ROOM;
    bottom = Math.max(to(low[0]), bottom - room);
    top = Math.min(to(high[0]), top + room);
    for (const value of asked) { bottom = Math.min(bottom, to(value)); top = Math.max(top, to(value)); }
    const worth = top > bottom ? (top - bottom) * WORTH_CUTTING : Infinity; // on a level line every point that differs is shown
    if (bottom - to(low[0]) < worth) bottom = to(low[0]);
    if (to(high[0]) - top < worth) top = to(high[0]);
    if (to(high[0]) > top) said.push(fill(state.data.words.html_cut_above, { limit: short(from(top), whole), value: short(high[0], whole), step: high[1] }));
    if (to(low[0]) < bottom) said.push(fill(state.data.words.html_cut_below, { limit: short(from(bottom), whole), value: short(low[0], whole), step: low[1] }));
    cut.textContent = said.join(" ");
    const pad = (top - bottom) * 0.05 || Math.abs(top) * 0.05 || 0.5;
    return [from(bottom - pad), from(top + pad)];
  }

  function follow(plot, key) {
    const { min, max } = plot.scales.x;
    if (key === "x" && !state.busy && state.plots.some((other) => other.look[0] !== min || other.look[1] !== max)) zoom(min, max);
  }

  function zoom(min, max, asked = null) {
    if (min == null || !(max > min)) return;
    state.asked = asked; // of these steps nothing is cut off
    state.busy = true;
    for (const plot of state.plots) plot.setScale("x", { min, max });
    // The hook of a scale comes when the plot is drawn, which is after this.
    queueMicrotask(() => { state.busy = false; });
  }

  const visible = () => [state.plots[0].scales.x.min, state.plots[0].scales.x.max];

  /* Behind the curves and over the grid: where findings lie, where epochs end, where the course changes. */
  function behind(plot) {
    const ctx = plot.ctx, { left, top, width: wide, height: high } = plot.bbox;
    const x = (step) => plot.valToPos(step, "x", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, wide, high);
    ctx.clip();
    const few = state.data.marks.filter((mark) => !mark.id).length <= FEW;
    for (const mark of state.data.marks) {
      ctx.fillStyle = css(`--${mark.severity}`);
      for (const [start, end] of mark.at) {
        ctx.globalAlpha = mark.id || few ? 0.1 : 0; // of many runs, all of it would be shaded
        ctx.fillRect(x(start), top, Math.max(x(end == null ? start : end) - x(start), 1), high);
        ctx.globalAlpha = 0.7;
        ctx.fillRect(x(start), top, devicePixelRatio, high);
      }
    }
    ctx.globalAlpha = 0.8;
    stripes(ctx, state.data.epochs.map(x), css("--dim"), [2, 4], top, high);
    const changes = (explained) => state.data.changes.filter((each) => each[2] === explained).map(([step]) => x(step));
    stripes(ctx, changes(false), css("--warning"), [6, 4], top, high);
    stripes(ctx, changes(true), css("--dim"), [8, 8], top, high);
    ctx.restore();
  }

  function stripes(ctx, places, colour, dash, top, high) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash(dash.map((part) => part * devicePixelRatio));
    ctx.beginPath();
    for (const place of places) { ctx.moveTo(place, top); ctx.lineTo(place, top + high); }
    ctx.stroke();
  }

  /* Buttons on the first panel lead from a mark to the words; later panels show the marks alone. */
  function buttons(plot) {
    for (const old of plot.over.querySelectorAll(".mark")) old.remove();
    if (plot !== state.plots[0] && state.plots.length) return;
    const { min, max } = plot.scales.x;
    const rows = []; // of places taken, so that marks of one place stand below each other
    const put = (step, className, text, title, act) => {
      if (step < min || step > max) return;
      const at = plot.valToPos(step, "x");
      const room = Math.max(MARK, text.length * LETTER);
      let row = 0;
      while (rows[row] && rows[row].some((other) => Math.abs(other - at) < room)) row += 1;
      if (!className.startsWith("change")) (rows[row] = rows[row] || []).push(at);
      const button = make("button", `mark ${className}`, text);
      button.type = "button";
      button.title = title;
      button.setAttribute("aria-label", title);
      button.style.left = `${at}px`;
      if (!className.startsWith("change")) button.style.top = `${(row - 1) * MARK}px`;
      button.addEventListener("mousedown", (event) => event.stopPropagation());
      button.addEventListener("click", (event) => { event.stopPropagation(); act(); });
      plot.over.append(button);
    };
    const taken = new Set();
    for (const { start, end, labels } of pairs(plot)) {
      const text = labels.length > 1 ? `${labels[0]} +${labels.length - 1}` : labels[0];
      put(start, "info", text, `${labels.slice(0, FEW * 2).join(", ")}${labels.length > FEW * 2 ? " ..." : ""} · ${state.data.words.html_step} ${start}`, () => showSpan(start, end));
    }
    for (const mark of state.data.marks.filter((each) => each.id)) {
      for (const [start, end] of mark.at) {
        const place = `${mark.label}@${Math.round(plot.valToPos(start, "x") / MARK)}`;
        if (taken.has(place)) continue;
        taken.add(place);
        put(start, mark.severity, mark.label, `${mark.label} · ${state.data.words.html_step} ${start}`, () => open(mark.id, false));
      }
    }
    for (const [step, number, explained] of state.data.changes) {
      const name = explained ? state.data.words.html_explained : state.data.words.change_point;
      put(step, explained ? "change explained" : "change", explained ? EXPLAINED : CHANGE, `${name} · ${state.data.words.html_step} ${step}`, () => open(`c${number}`, false));
    }
  }

  /* Where two runs diverge; of many runs those near each other share a button. */
  function pairs(plot) {
    const all = state.data.marks.filter((mark) => !mark.id).flatMap((mark) => mark.at.map(([start, end]) => ({ start, end: end == null ? start : end, labels: [mark.label] })));
    if (all.length <= FEW) return all;
    all.sort((a, b) => a.start - b.start);
    const found = [];
    for (const each of all) {
      const last = found[found.length - 1];
      if (last && plot.valToPos(each.start, "x") - plot.valToPos(last.start, "x") < PAIR) {
        last.labels.push(...each.labels);
        last.end = Math.max(last.end, each.end);
      } else found.push(each);
    }
    return found;
  }

  function clicks(plot) {
    let down = null;
    plot.over.addEventListener("mousedown", (event) => { down = event.clientX; });
    plot.over.addEventListener("click", (event) => {
      if (down == null || Math.abs(event.clientX - down) > 3) return;
      const at = event.clientX - plot.over.getBoundingClientRect().left;
      const marks = state.data.marks.filter((m) => m.id).flatMap((m) => m.at.map(([step]) => [step, m.id]));
      const all = marks.concat(state.data.changes.map(([step, number]) => [step, `c${number}`]));
      const far = ([step]) => Math.abs(plot.valToPos(step, "x") - at);
      const best = all.reduce((a, b) => (a && far(a) <= far(b) ? a : b), null);
      if (best && far(best) <= NEAR) open(best[1], false);
    });
    plot.over.addEventListener("dblclick", () => zoom(state.first, state.last));
  }

  function keys(event) {
    if (event.target.closest("button") || event.ctrlKey || event.metaKey || event.altKey) return;
    const [min, max] = visible(), part = (max - min) * STEP;
    const moves = { "+": [part, -part], "=": [part, -part], "-": [-part, part], ArrowLeft: [-part, -part], ArrowRight: [part, part] };
    if (event.key === "0" || event.key === "Escape") zoom(state.first, state.last);
    else if (moves[event.key]) zoom(min + moves[event.key][0], max + moves[event.key][1]);
    else return;
    event.preventDefault();
  }

  function tools() {
    for (const button of document.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => {
        const name = button.dataset.tool;
        if (name === "all") { zoom(state.first, state.last); return; }
        state[name] = !state[name];
        button.setAttribute("aria-pressed", String(state[name]));
        build(...visible());
      });
    }
  }

  function resize() {
    state.plots.forEach((plot, index) => {
      const wide = width(plot.root.parentElement);
      if (wide !== plot.width) plot.setSize({ width: wide, height: height(index) });
    });
  }

  function redraw() {
    for (const plot of state.plots) plot.redraw(false, true);
  }

  // --- from words to the chart and back ---------------------------------------------------------

  function open(id, show) {
    const target = byId(id);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
    target.classList.add("lit");
    target.scrollIntoView({ block: "nearest" });
    (target.querySelector("summary") || target).focus({ preventScroll: true });
    if (show) showMark(id);
  }

  function showMark(id) {
    const mark = state.data && state.data.marks.find((each) => each.id === id);
    if (!mark || !mark.at.length || !state.plots.length) return;
    const starts = mark.at.map(([start]) => start), ends = mark.at.map(([start, end]) => (end == null ? start : end));
    showSpan(starts.reduce((a, b) => Math.min(a, b)), ends.reduce((a, b) => Math.max(a, b)));
  }

  /* Some of what comes before and after is needed to see a change. */
  function showSpan(start, end) {
    const room = Math.max((end - start) * 0.5, (state.last - state.first) * 0.03);
    zoom(Math.max(start - room, state.first), Math.min(end + room, state.last), [start, end]);
    const box = byId("panels").getBoundingClientRect();
    if (box.top < 0 || box.top > innerHeight * 0.7) byId("panels").scrollIntoView({ block: "start" });
  }

  function links() {
    for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => showMark(button.dataset.show));
    for (const button of document.querySelectorAll("[data-step]")) button.addEventListener("click", () => showSpan(Number(button.dataset.step), Number(button.dataset.step)));
    for (const link of document.querySelectorAll("[data-open]")) link.addEventListener("click", (event) => { event.preventDefault(); open(link.dataset.open, true); });
    for (const summary of document.querySelectorAll("details.verdict > summary")) {
      summary.addEventListener("click", () => { if (!summary.parentElement.open) showMark(summary.parentElement.id); });
    }
  }

  // --- the table of a batch ---------------------------------------------------------------------

  function table(runs) {
    byId("filters").hidden = false;
    const bodies = () => [...runs.tBodies];
    const text = new Map(bodies().map((body) => [body, body.textContent.toLowerCase()]));
    const find = byId("find"), severity = byId("severity"), shown = byId("shown");
    const further = byId("further");
    let most = ROWS;
    const filter = () => {
      const wanted = find.value.trim().toLowerCase();
      let count = 0;
      for (const body of bodies()) {
        const fits = (severity.value === "" || body.dataset.status === severity.value) && text.get(body).includes(wanted);
        count += Number(fits);
        body.hidden = !fits || count > most;
      }
      further.hidden = count <= most;
      shown.textContent = fill(shown.dataset.text, { shown: count, all: text.size });
    };
    const restart = () => { most = ROWS; filter(); };
    further.addEventListener("click", () => { most += ROWS; filter(); });
    find.addEventListener("input", restart);
    severity.addEventListener("change", restart);
    addEventListener("beforeprint", () => { most = Infinity; filter(); });
    const collator = new Intl.Collator(undefined, { numeric: true }); // made for each pair, it took a minute
    const key = (body, column) => {
      const cell = body.rows[0].cells[column], value = cell.dataset.key;
      return value == null ? cell.textContent.trim() : value === "" || Number.isNaN(Number(value)) ? Infinity : Number(value);
    };
    const sort = (head, falling) => {
      const column = Number(head.dataset.sort);
      const keyed = bodies().map((body) => [key(body, column), body]);
      keyed.sort(([a], [b]) => (typeof a === "string" ? collator.compare(a, b) : a === b ? 0 : a - b) * (falling ? -1 : 1));
      for (const other of runs.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      // Out of the document: within it each row that moves has all rows behind it styled again.
      const place = runs.parentNode, focused = document.activeElement;
      runs.remove();
      runs.append(...keyed.map(([, body]) => body));
      place.append(runs);
      if (runs.contains(focused)) focused.focus();
      restart();
    };
    for (const head of runs.querySelectorAll("[data-sort]")) {
      const button = make("button", "", head.textContent);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => sort(head, head.getAttribute("aria-sort") === "ascending"));
    }
    // Verdicts are too wide for a cell: where they open, they get a row of their own.
    runs.addEventListener("toggle", ({ target }) => {
      const body = target.closest("tbody");
      if (target.open && body.rows.length === 1) {
        const cell = body.insertRow().insertCell();
        cell.colSpan = runs.tHead.rows[0].cells.length;
        cell.className = "told";
        cell.append(...target.querySelectorAll(".verdict"));
      } else if (!target.open && body.rows.length > 1) {
        target.append(...body.rows[1].querySelectorAll(".verdict"));
        body.deleteRow(1);
      }
    }, true);
    sort(runs.querySelector("[data-sort]"), false);
    runs.classList.add("ready");
    // It is known last and read first.
    byId("filters").before(byId("summary"));
  }

  links();
  // On a phone all verdicts and the chart come before the details of the first.
  if (innerWidth < NARROW && !location.hash) for (const each of document.querySelectorAll("details.verdict")) each.open = false;
  if (byId("data")) charts(JSON.parse(byId("data").textContent));
  if (byId("runs")) table(byId("runs"));
})();
