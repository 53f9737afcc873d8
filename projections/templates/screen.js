'use strict';
(() => {
  const body = document.body, stale = Number(body.dataset.stale);
  // The hall's clock: an instant of it, our own at that moment, and how much faster than ours it runs.
  const clock = { at: Number(body.dataset.now), seen: performance.now(), speed: Number(body.dataset.speed) };
  const now = () => clock.at + (performance.now() - clock.seen) * clock.speed;
  const shape = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
  let format;
  try {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: body.dataset.zone, ...shape });
  } catch {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...shape });
  }
  const two = (n) => String(n).padStart(2, '0');
  const span = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    return Math.floor(s / 3600) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60);
  };
  const write = (place, text) => { if (place.textContent !== text) place.textContent = text; };
  const tick = () => {
    // A screen that may be out of date must not look alive.
    if (body.classList.contains('stale')) return;
    const at = now();
    for (const value of document.querySelectorAll('[data-since]')) write(value, span(at - Number(value.dataset.since)));
    write(document.getElementById('clock'), format.format(at));
  };
  // What every tile says of itself: up to when it is true.
  const date = (at) => {
    const text = format.format(at);
    for (const place of document.querySelectorAll('.asof time, time.seen')) write(place, text);
  };

  let source = null, heard = performance.now(), asOf = clock.at;
  const judge = () => {
    const late = performance.now() - heard > stale;
    body.classList.toggle('stale', late);
    if (late) body.classList.remove('live');
  };
  const open = () => {
    if (source) source.close();
    source = new EventSource(body.dataset.events);
    source.addEventListener('screen', (event) => {
      const data = JSON.parse(event.data);
      // Parts replace each other: the page never grows.
      for (const id in data.parts) document.getElementById(id).innerHTML = data.parts[id];
      write(document.getElementById('date'), data.date);
      clock.at = data.now; clock.seen = performance.now(); clock.speed = data.speed;
      if (data.fresh) {
        heard = performance.now(); asOf = data.now;
        body.classList.add('live');
      }
      judge(); date(asOf); tick();
    });
    source.addEventListener('gone', () => {
      source.close();
      body.className = 'gone';
      for (const part of ['kpis', 'charts', 'tables']) document.getElementById(part).replaceChildren();
    });
  };
  open(); date(asOf); tick();
  setInterval(tick, Math.max(100, Math.min(1000, 1000 / clock.speed)));
  // A browser comes back by itself while a connection is only interrupted, and gives up when it is refused.
  setInterval(() => {
    if (body.classList.contains('gone')) return;
    judge();
    if (source.readyState === EventSource.CLOSED || body.classList.contains('stale')) open();
  }, 3000);
})();
