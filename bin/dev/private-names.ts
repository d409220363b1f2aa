import { parse } from 'acorn';

/** A node of the syntax tree (ESTree); `start` and `end` are places in the text. */
interface Tree {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

/** New names by private name, of a class and of those around it. */
type Names = ReadonlyMap<string, string>;

interface Edit {
  readonly at: Tree;
  readonly text: string;
}

/**
 * JavaScript with plain members in place of private ones: `this.$0` for `this.#rows`. A use of a private name is three
 * instructions of the engine's byte code in place of one, each name is a symbol in a scope of its class, and code and
 * what it remembers are most of a screen's memory (docs/decisions/0016-memory-and-start-of-screens.md). One object for
 * all sources of a program: a class that extends another has names that no other class has.
 */
export class PrivateNames {
  #derivedClasses = 0;

  /** Throws `SyntaxError` for what is no JavaScript, and for `#name in object`. */
  replaceIn(code: string): string {
    const edits: Edit[] = [];
    const tree = parse(code, { ecmaVersion: 'latest', sourceType: 'module' });
    this.#collect(tree as unknown as Tree, new Map(), edits);
    let text = '';
    let end = 0;
    for (const edit of edits.sort((a, b) => a.at.start - b.at.start)) {
      text += code.slice(end, edit.at.start);
      // The transpiler prints `async#name`.
      text += /\w$/.test(text) ? ` ${edit.text}` : edit.text;
      end = edit.at.end;
    }
    return text + code.slice(end);
  }

  #collect(node: Tree, around: Names, edits: Edit[]): void {
    if (node.type === 'PrivateIdentifier') edits.push({ at: node, text: nameOf(node, around) });
    const names =
      node.type.startsWith('Class') && isTree(node['body']) ? this.#namesOf(node, around) : around;
    for (const child of Object.values(node).flat()) {
      if (!isTree(child)) continue;
      // Classes that extend nothing share their new names.
      if (node.type === 'BinaryExpression' && child.type === 'PrivateIdentifier')
        throw new SyntaxError(`#${child['name']} in: not supported in what is bundled; use instanceof`);
      this.#collect(child, names, edits);
    }
  }

  /** Of a class; `around`: what the classes have in which it stands. */
  #namesOf(node: Tree, around: Names): Names {
    const prefix = node['superClass'] === null ? '$' : `$${(this.#derivedClasses++).toString(36)}_`;
    const own = new Map<string, string>();
    for (const { key } of (node['body'] as Tree)['body'] as readonly Tree[]) {
      if (!isTree(key) || key.type !== 'PrivateIdentifier') continue;
      const name = key['name'] as string;
      // A getter and a setter have one name.
      own.set(name, own.get(name) ?? prefix + own.size.toString(36));
    }
    return new Map([...around, ...own]);
  }
}

/** Every name is known: the parser refuses others. */
function nameOf(node: Tree, names: Names): string {
  return names.get(node['name'] as string)!;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && 'type' in value;
}
