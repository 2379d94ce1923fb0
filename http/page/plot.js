// Plots of the last hour: one line each, drawn by hand. The figures are in the label too, for who cannot see it.
const HOUR_MS = 3600000;

// At most one point for two pixels: the highest of each piece, so that no peak is lost.
function pieces(points, pick, from, to, room) {
  const most = new Array(room).fill(null);
  for (const p of points) {
    const value = pick(p);
    const at = Math.floor(((p.at_ms - from) / (to - from)) * room);
    if (known(value) && at >= 0 && at < room && (most[at] === null || value > most[at])) most[at] = value;
  }
  return most;
}

// 1, 2 or 5 times a power of ten, not below `value`.
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value * 0.999);
}

function plot(name, pick, write, least) {
  const W = 320;
  const H = 84;
  const area = h('s:path', { class: 'area' });
  const line = h('s:path', { class: 'line' });
  const cross = h('s:line', { class: 'cross', y1: 0, y2: H, visibility: 'hidden' });
  const svg = h('s:svg', { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': name },
    h('s:line', { class: 'axis', x1: 0, x2: W, y1: H - 0.5, y2: H - 0.5 }),
    h('s:line', { class: 'rule', x1: 0, x2: W, y1: H / 2, y2: H / 2 }), area, line, cross);
  const top = h('span');
  const readout = h('span', { class: 'readout' });
  const from = h('span');
  const box = h('div', { class: 'plot' }, h('div', { class: 'scale' }, top, readout), svg,
    h('div', { class: 'scale' }, from, h('span', null, 'now')));
  let most = [];
  let range = [0, 0];
  let hover = -1;

  function say() {
    const value = most[hover];
    const visible = hover >= 0;
    cross.setAttribute('visibility', visible ? 'visible' : 'hidden');
    if (!visible) return put(readout, '');
    const x = ((hover + 0.5) / most.length) * W;
    cross.setAttribute('x1', x);
    cross.setAttribute('x2', x);
    const at = range[0] + ((hover + 0.5) / most.length) * (range[1] - range[0]);
    return put(readout, `${clock(at)}  ${known(value) ? write(value) : 'not known'}`);
  }
  svg.addEventListener('pointermove', (event) => {
    const rect = svg.getBoundingClientRect();
    hover = Math.min(most.length - 1, Math.max(0, Math.floor(((event.clientX - rect.left) / rect.width) * most.length)));
    say();
  });
  svg.addEventListener('pointerleave', () => {
    hover = -1;
    say();
  });

  function draw(points, now) {
    const oldest = points.length ? points[0].at_ms : now;
    // A young server's minutes fill the width.
    const width = Math.min(HOUR_MS, Math.max(30000, now - oldest));
    range = [now - width, now + 1];
    most = pieces(points, pick, range[0], range[1], 160);
    // A second without a sample is no gap where the pieces are shorter than samples are apart.
    const step = (range[1] - range[0]) / most.length;
    const bridge = Math.ceil(2500 / step);
    const values = most.filter(known);
    const high = ceiling(Math.max(least, ...values));
    let d = '';
    let last = -Infinity;
    let shade = '';
    most.forEach((value, i) => {
      if (!known(value)) return;
      const x = (((i + 0.5) / most.length) * W).toFixed(1);
      const y = (H - 1 - (value / high) * (H - 4)).toFixed(1);
      if (i - last > bridge) {
        if (shade) shade += `L${(((last + 0.5) / most.length) * W).toFixed(1)} ${H}Z`;
        shade += `M${x} ${H}L${x} ${y}`;
        d += `M${x} ${y}`;
      } else {
        d += `L${x} ${y}`;
        shade += `L${x} ${y}`;
      }
      last = i;
    });
    if (shade) shade += `L${(((last + 0.5) / most.length) * W).toFixed(1)} ${H}Z`;
    line.setAttribute('d', d || 'M0 0');
    area.setAttribute('d', shade || 'M0 0');
    put(top, write(high));
    put(from, `${span(width)} ago`);
    const said = values.length ? `now ${write(values[values.length - 1])}, at most ${write(Math.max(...values))}` : 'not known';
    svg.setAttribute('aria-label', `${name}, the last ${span(width)}: ${said}`);
    say();
  }
  return { box, draw };
}
