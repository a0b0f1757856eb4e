/** Numbers as people read them. */

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Three digits, in powers of 1024 as the configuration has them. */
export function size(bytes) {
    let unit = 0;
    let value = bytes;
    // 1023.5 would be rounded to 1024 of the smaller unit.
    while (value >= 1023.5 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
    const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Without digits that say nothing. */
export const trim = (text) => text.replace(/\.0+(?= )/, "");

export const rate = (bytesPerSecond) => `${size(bytesPerSecond)}/s`;

/** Every digit, in groups. */
export const exact = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");

export const count = (number, one, many = `${one}s`) => `${exact(number)} ${number === 1 ? one : many}`;

export function duration(seconds) {
    if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    if (hours < 48) return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
    return `${Math.round(minutes / 1440)} days`;
}

/** Never 100 before it is all, never 0 once there is something. */
export function percent(part, whole) {
    if (whole === 0) return 0;
    const share = Math.floor((part / whole) * 100);
    return part > 0 ? Math.max(share, 1) : share;
}

/** Milliseconds, in three digits. */
export function milliseconds(value) {
    if (value >= 999.5) return `${(value / 1000).toFixed(value >= 9995 ? 1 : 2)} s`;
    return `${value.toFixed(value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2)} ms`;
}
