/** A finding: good, lacking, or only to be known. */
export type Mark = 'good' | 'lacking' | 'note';

/** One finding under a section's title. */
export interface DoctorEntry {
  /** What it is about, a word or two. */
  readonly label: string;
  readonly mark: Mark;
  /** Whole sentences. */
  readonly text: string;
  /** To be copied into a shell, so never broken into lines. */
  readonly commands?: readonly string[];
}

export interface DoctorSection {
  readonly title: string;
  readonly entries: readonly DoctorEntry[];
}
