/** Numbers as people read them. */

const units = ["bytes", "kB", "MB", "GB", "TB"];

/** Three digits, in powers of 1000 as the files of a desktop are shown. */
export function size(bytes) {
    let unit = 0;
    let value = bytes;
    // 999.5 would be rounded to a fourth digit.
    while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
    const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return `${value.toFixed(digits)} ${unit === 0 && value === 1 ? "byte" : units[unit]}`;
}

export function time(seconds) {
    if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Never 100 before it is all. */
export const percent = (part, whole) => (whole === 0 ? 0 : Math.floor((part / whole) * 100));
