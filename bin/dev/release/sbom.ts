import { createHash } from 'node:crypto';
import {
  type Component,
  programComponents,
  type RuntimePart,
  runtimeComponents,
  runtimeParts,
} from './components.ts';

/** What the list is about. */
interface SbomSubject {
  readonly version: string;
  readonly revision: string;
  /** Since 1970, of the release. */
  readonly seconds: number;
}

/** A bill of materials in CycloneDX 1.6 (ECMA-424), JSON: npm packages and Bun with its parts. */
export function sbom({ version, revision, seconds }: SbomSubject): string {
  const components = [
    ...programComponents().map((component) => libraryOf(component)),
    ...runtimeComponents().map((component) => ({
      ...libraryOf(component),
      type: 'framework',
      components: runtimeParts().map(partOf),
    })),
  ];
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 },
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([version, revision, components]))}`,
    metadata: {
      timestamp: new Date(seconds * 1000).toISOString(),
      component: {
        ...{ type: 'application', 'bom-ref': 'sstop', name: 'sstop', version },
        licenses: [{ license: { id: 'MIT' } }],
        properties: [{ name: 'sstop:revision', value: revision }],
      },
    },
    components,
    dependencies: [
      { ref: 'sstop', dependsOn: components.map((component) => component['bom-ref']) },
      ...components.map((component) => ({ ref: component['bom-ref'] })),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function libraryOf({ name, version, license, integrity }: Component) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  return {
    ...{ type: 'library', 'bom-ref': purl, name, version, purl },
    licenses: [/ (OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }],
    hashes: [{ alg: 'SHA-512', content }],
  };
}

function partOf({ name, url, license }: RuntimePart) {
  return {
    ...{ type: 'library', name },
    licenses: [{ license: { name: license } }],
    externalReferences: [{ type: 'website', url }],
  };
}

/** A UUID of version 8 (RFC 9562), made of what it names. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
