import { isObject, type JsonValue } from '../codec/json-values.ts';
import { SectionCodec } from '../codec/record-json.ts';
import { MACHINE } from '../sample/machine-section.ts';
import { CONTROL_GROUPS } from '../schema/control-groups-section.ts';
import { DISKS } from '../schema/disks-section.ts';

/** Sections of a machine as JSON, as `socktop.v2` has them too. */
export class SectionCodecs {
  readonly machine = new SectionCodec(MACHINE);
  readonly disks = new SectionCodec(DISKS);
  readonly controlGroups = new SectionCodec(CONTROL_GROUPS);
}

/**
 * A section of control groups as a history has it, from the section as `socktop.v2` has it: `groups` is an object, each
 * group under its path, so that one more or one fewer does not change the others.
 */
export function groupsByPath(section: JsonValue): JsonValue {
  if (!isObject(section) || !Array.isArray(section['groups'])) return section;
  const groups = section['groups'].flatMap((group: JsonValue): (readonly [string, JsonValue])[] => {
    if (!isObject(group) || typeof group['path'] !== 'string') return [];
    const { path, ...others } = group;
    return [[path, others as JsonValue]];
  });
  return { ...section, groups: Object.fromEntries(groups) } as JsonValue;
}

/** The inverse; a section with a list stays as it is. To be checked after that: it comes from outside. */
export function groupsAsList(section: unknown): unknown {
  if (!isObject(section) || !isObject(section['groups'])) return section;
  const groups = Object.entries(section['groups']).map(([path, group]) =>
    isObject(group) ? { ...group, path } : group,
  );
  return { ...section, groups };
}
