/** What the rows of a process table can be summed by. */
export const GROUPINGS = ['program', 'user', 'container', 'unit'] as const;
export type Grouping = (typeof GROUPINGS)[number];
