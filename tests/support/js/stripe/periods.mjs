// Stripe's calendar: months keep the day of the anchor, and end with the month where it has no such day.

const seconds = { day: 86_400, week: 604_800 };

export function addPeriod(start, { interval, interval_count: count }, anchor) {
    if (seconds[interval]) return start + seconds[interval] * count;
    const [from, day] = [new Date(start * 1000), new Date(anchor * 1000).getUTCDate()];
    const month = from.getUTCMonth() + (interval === 'year' ? 12 : 1) * count;
    const last = new Date(Date.UTC(from.getUTCFullYear(), month + 1, 0)).getUTCDate();
    const time = start % 86_400;
    return Date.UTC(from.getUTCFullYear(), month, Math.min(day, last)) / 1000 + time;
}
