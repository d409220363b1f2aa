import { noticed } from '../../views/notice.ts';
import { chordText } from '../config/keymap.ts';
import { hostOf, type Model, type Step, withHost } from './socktop-model.ts';
import { LIST } from './socktop-rows.ts';

/** The model with the network use of the current host's processes shown, or no longer; it is asked for only then. */
export function trafficToggled(model: Model): Step {
  const { data, sort, hasTraffic } = hostOf(model);
  data.countTraffic(!hasTraffic);
  const isOrphaned = hasTraffic && sort.key === 'network';
  const next = withHost(model, {
    hasTraffic: !hasTraffic,
    sort: isOrphaned ? { key: 'cpu', isReversed: false } : sort,
  });
  return { model: LIST.reordered(next), effects: [{ kind: 'demand' }] };
}

/** The processes that use the network most first; a notice where that is not shown. */
export function sortedByTraffic(model: Model): Model {
  if (hostOf(model).hasTraffic) return LIST.sortedBy(model, 'network');
  const key = chordText(model.keymap.chordsOf('traffic')[0] ?? '', model.ascii);
  return noticed(model, `Network use is not counted now: ${key} shows it.`, true);
}
