// Times in the reader's own time zone, and how much of a session is left.
const TICK_MS = 15000;
const lang = document.documentElement.lang;

export function showLocalTimes() {
  const format = new Intl.DateTimeFormat(lang, {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
  });
  for (const element of document.querySelectorAll("time[data-local]")) {
    element.textContent = format.format(new Date(element.dateTime));
  }
}

export function countDown() {
  const counters = [...document.querySelectorAll("[data-until]")];
  if (counters.length === 0) return;
  // The server's clock counts, not the reader's: keep the difference.
  const offset = Date.parse(counters[0].dataset.now) - Date.now();
  const tick = () => {
    for (const element of counters) {
      const seconds = Math.floor((Date.parse(element.dataset.until) - Date.now() - offset) / 1000);
      if (element instanceof HTMLProgressElement) element.value = Math.max(seconds, 0);
      else element.textContent = words(seconds, element.dataset);
    }
  };
  tick();
  setInterval(tick, TICK_MS);
}

function words(seconds, { over, moment }) {
  if (seconds <= 0) return over;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return moment;
  const days = Math.floor(minutes / 1440);
  return [
    [days, "day"],
    [Math.floor(minutes / 60) % 24, "hour"],
    [days ? 0 : minutes % 60, "minute"],
  ]
    .filter(([count]) => count > 0)
    .map(([count, unit]) =>
      new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(count),
    )
    .join(" ");
}
