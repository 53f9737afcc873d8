'use strict';
(() => {
  const body = document.body, tables = document.getElementById('tables');
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  // The hall's clock: an instant of it, our own at that moment, and how much faster than ours it runs.
  const clock = { at: Number(body.dataset.now), seen: performance.now(), speed: Number(body.dataset.speed) };
  const now = () => clock.at + (performance.now() - clock.seen) * clock.speed;
  let format;
  try {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: body.dataset.zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  } catch {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  }
  const two = (n) => String(n).padStart(2, '0');
  const span = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    return Math.floor(s / 3600) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60);
  };
  const tick = () => {
    // A board that may be out of date must not look alive.
    if (body.classList.contains('lost')) return;
    const at = now();
    for (const value of tables.querySelectorAll('[data-since]')) value.textContent = span(at - Number(value.dataset.since));
    show('clock', format.format(at));
  };
  const count = () => {
    const counts = { idle: 0, occupied: 0, maintenance: 0 };
    for (const table of tables.children) counts[table.dataset.status] += 1;
    for (const status in counts) show('count-' + status, counts[status]);
    document.getElementById('empty').hidden = tables.children.length > 0;
  };

  const put = (card) => {
    const holder = document.createElement('template');
    holder.innerHTML = card.html;
    const fresh = holder.content.firstElementChild;
    if (!fresh) return;
    const old = document.getElementById('t-' + card.id);
    if (fresh.dataset.status === 'retired') {
      if (old) old.remove();
    } else if (!old) {
      const later = [...tables.children].find((other) => fresh.dataset.label.localeCompare(other.dataset.label, undefined, { numeric: true }) < 0);
      tables.insertBefore(fresh, later || null);
    } else {
      if (old.dataset.status !== fresh.dataset.status) fresh.classList.add('changed');
      old.replaceWith(fresh);
    }
  };

  let position = body.dataset.position, source = null, heard = 0;
  const hear = (data) => {
    heard = performance.now();
    clock.at = data.now; clock.seen = heard; clock.speed = data.speed;
    body.classList.replace('lost', 'live') || body.classList.add('live');
    show('position', data.position);
    show('as-of', format.format(data.now));
  };
  const lose = () => { body.classList.remove('live'); body.classList.add('lost'); };
  const open = () => {
    if (source) source.close();
    heard = performance.now();
    source = new EventSource(body.dataset.events + '&after=' + encodeURIComponent(position));
    source.addEventListener('board', (event) => {
      const data = JSON.parse(event.data);
      if (data.snapshot) tables.replaceChildren();
      for (const card of data.cards) put(card);
      position = event.lastEventId || position;
      hear(data); count(); tick();
    });
    source.addEventListener('beat', (event) => hear(JSON.parse(event.data)));
    // While it is only interrupted, the browser comes back by itself, with the id of the last event.
    source.onerror = lose;
  };
  open();
  count(); tick();
  setInterval(tick, Math.max(100, Math.min(1000, 1000 / clock.speed)));
  // Closed for good, or silent for three beats: come back anew.
  setInterval(() => {
    const silent = performance.now() - heard > 15500;
    if (silent) lose();
    if (silent || source.readyState === EventSource.CLOSED) open();
  }, 3000);
})();
