import { HostTexts } from '../host-texts.ts';
import { OwnerGroups } from '../owner-groups.ts';
import { OwnerTexts } from '../owner-texts.ts';

/** Texts of owners and hosts that filters look at, made once: to be shared by all filters of a program. */
export class FilterCaches {
  readonly ownerTexts = new OwnerTexts();
  readonly groups = new OwnerGroups();
  readonly hostTexts = new HostTexts();
}
