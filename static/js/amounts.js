// Sizes and times as the panel writes them (accounts/templatetags/panel.py).

const UNITS = ["KiB", "MiB", "GiB", "TiB"];

export function size(bytes) {
  let value = bytes;
  let unit = "bytes";
  for (const larger of UNITS) {
    if (value < 1000) break;
    value /= 1024;
    unit = larger;
  }
  return `${unit !== "bytes" && value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

export function timeLeft(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min left`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min left`;
}

// Bytes a second, evened out.
export class Speed {
  static SAMPLE = 400; // milliseconds between two measurements
  static WEIGHT = 0.25; // of the newest one

  constructor(bytes) {
    this.at = performance.now();
    this.bytes = bytes;
    this.value = 0;
  }

  measure(bytes) {
    const now = performance.now();
    if (now - this.at < Speed.SAMPLE) return this.value;
    const current = ((bytes - this.bytes) * 1000) / (now - this.at);
    this.value = this.value ? this.value + Speed.WEIGHT * (current - this.value) : current;
    this.at = now;
    this.bytes = bytes;
    return this.value;
  }
}
