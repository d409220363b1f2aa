import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ContainerFiles, NAMESPACE_NAMES_LIMIT } from './container-files.ts';
import { GuardedNames } from './guarded-space.ts';
import {
  CONTAINERS_LIMIT,
  LINE_LIMIT_BYTES,
  namesAnswerLine,
  namesQuestionLine,
  parseNamesAnswer,
  parseNamesQuestion,
} from './helper-message.ts';
import { startHelper } from './helper-start.fixture.ts';

const root = mkdtempSync(join(tmpdir(), 'containers-'));
const idOf = (digit: string): string => digit.repeat(64);
const keyOf = (digit: string, more: { uid?: number; podUid?: string } = {}) => ({
  ...{ id: idOf(digit), uid: undefined, podUid: undefined },
  ...more,
});
const POD = '2f9a1b34-5c6d-4e7f-8a9b-0c1d2e3f4a5b';
const OTHER_POD = '11111111-2222-3333-4444-555555555555';

function put(path: string, content: unknown): void {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
}

const DOCKER = (digit: string): string => `var/lib/docker/containers/${idOf(digit)}/config.v2.json`;
const TASK = 'run/containerd/io.containerd.runtime.v2.task';
const STORE = 'var/lib/containers/storage/overlay-containers';

beforeAll(() => {
  put(DOCKER('1'), { ID: idOf('1'), Name: '/web', Config: { Labels: { app: 'x' } } });
  put(DOCKER('2'), {
    Name: '/k8s_nginx_front-7d_shop_uid_0',
    Config: {
      Labels: {
        'io.kubernetes.container.name': 'nginx',
        'io.kubernetes.pod.name': 'front-7d',
        'io.kubernetes.pod.namespace': 'shop',
      },
    },
  });
  put(`${TASK}/k8s.io/${idOf('3')}/config.json`, {
    annotations: {
      'io.kubernetes.cri.container-type': 'container',
      'io.kubernetes.cri.container-name': 'api',
      'io.kubernetes.cri.sandbox-name': 'api-0',
      'io.kubernetes.cri.sandbox-namespace': 'shop',
    },
  });
  put(`${TASK}/k8s.io/${idOf('4')}/config.json`, {
    annotations: {
      'io.kubernetes.cri.container-type': 'sandbox',
      'io.kubernetes.cri.sandbox-name': 'api-0',
      'io.kubernetes.cri.sandbox-namespace': 'shop',
    },
  });
  put(`${TASK}/default/${idOf('5')}/config.json`, { annotations: { 'nerdctl/name': 'redis' } });
  put(`${STORE}/${idOf('6')}/userdata/config.json`, {
    annotations: {
      'io.kubernetes.container.name': 'db',
      'io.kubernetes.pod.name': 'db-0',
      'io.kubernetes.pod.namespace': 'shop',
    },
  });
  put(`${STORE}/containers.json`, [
    { id: idOf('7'), names: ['mail', 'other'] },
    null,
    { id: 7, names: 'no' },
  ]);
  put('etc/passwd', 'root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\nbad:x:7:7::relative:\n');
  const ofUser = 'home/ana/.local/share/containers/storage/overlay-containers/containers.json';
  put(ofUser, [{ id: idOf('8'), names: ['own'] }]);
  put('run/netns/blue', '');
  put(`var/log/containers/cron-1_ops_job-x-${idOf('9')}.log`, '');
  mkdirSync(join(root, `var/log/pods/ops_cron-2_${OTHER_POD}`), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true }));

describe('names of containers', () => {
  test.each([
    ['Docker', keyOf('1'), 'web'],
    ['Docker under Kubernetes', keyOf('2'), 'shop/front-7d/nginx'],
    ['containerd under Kubernetes', keyOf('3'), 'shop/api-0/api'],
    ['what holds a pod together', keyOf('4'), 'shop/api-0/sandbox'],
    ['nerdctl', keyOf('5'), 'redis'],
    ['CRI-O', keyOf('6'), 'shop/db-0/db'],
    ['Podman', keyOf('7'), 'mail'],
    ['Podman of a user', keyOf('8', { uid: 1000 }), 'own'],
    ['a file of Kubernetes logs', keyOf('9', { podUid: POD }), 'ops/cron-1/job-x'],
    ['a folder of Kubernetes logs', keyOf('a', { podUid: OTHER_POD }), 'ops/cron-2'],
    ['nobody', keyOf('b'), undefined],
    ['nobody, of a user without a home', keyOf('8', { uid: 7 }), undefined],
  ])('%s', (_where, key, name) => {
    expect(new ContainerFiles(root).nameOf(key)).toBe(name as never);
  });

  test.each([
    ['broken JSON', '{"Name":"/x"'],
    ['another shape', '[[]]'],
    ['a name that is no text', '{"Name":{"toString":1}}'],
    ['labels that are no object', '{"Name":7,"Config":"x"}'],
    ['nothing', ''],
  ])('%s is no name', (_what, content) => {
    put(DOCKER('c'), content);
    expect(new ContainerFiles(root).nameOf(keyOf('c'))).toBeUndefined();
  });

  test('a file that is too large, a pipe and a device are not read; long names are cut', () => {
    put(DOCKER('d'), '{"Name":"/x"}');
    truncateSync(join(root, DOCKER('d')), 64 << 20);
    expect(new ContainerFiles(root).nameOf(keyOf('d'))).toBeUndefined();
    const pipe = join(root, DOCKER('e'));
    mkdirSync(dirname(pipe), { recursive: true });
    expect(Bun.spawnSync(['mkfifo', pipe]).exitCode).toBe(0);
    expect(new ContainerFiles(root).nameOf(keyOf('e'))).toBeUndefined();
    rmSync(pipe);
    symlinkSync('/dev/zero', pipe);
    expect(new ContainerFiles(root).nameOf(keyOf('e'))).toBeUndefined();
    put(DOCKER('f'), { Name: `/${'n'.repeat(5000)}` });
    expect(new ContainerFiles(root).nameOf(keyOf('f'))).toHaveLength(253);
  });

  test('a process beside reads them', async () => {
    const helper = new GuardedNames({ start: startHelper });
    try {
      const keys = [keyOf('3'), keyOf('b'), keyOf('8', { uid: 1000 })];
      const answers = await helper.ask(new Map([['one', { root, keys, wantsNamespaces: true }]]));
      expect(answers.get('one')).toEqual({
        containers: ['shop/api-0/api', undefined, 'own'],
        namespaces: new Map([[statSync(join(root, 'run/netns/blue')).ino, 'blue']]),
      });
    } finally {
      helper.close();
    }
  });
});

test('questions and answers come through their lines; what is none is refused', () => {
  const question = {
    root: '/a b',
    keys: [keyOf('1', { uid: 0, podUid: POD }), keyOf('2')],
    wantsNamespaces: true,
  };
  expect(parseNamesQuestion(namesQuestionLine(question))).toEqual(question);
  const none = { root: '/', keys: [], wantsNamespaces: false };
  expect(parseNamesQuestion(namesQuestionLine(none))).toEqual(none);
  for (const line of ['', 'names', 'names 2f', 'names 2f 2', `names 2f 0 ${idOf('1')}`, '2f61 ']) {
    expect(parseNamesQuestion(line)).toBeUndefined();
  }
  expect(parseNamesQuestion(`names 2f 0${` ${idOf('1')},,`.repeat(33)}`)).toBeUndefined();
  const answer = { containers: ['web', undefined], namespaces: new Map([[4_026_532_281, 'blue;-']]) };
  expect(parseNamesAnswer(namesAnswerLine(answer))).toEqual(answer);
  for (const line of ['0 1 2', 'names', `names ;${' -'.repeat(33)}`]) {
    expect(parseNamesAnswer(line)).toBeUndefined();
  }
  // The longest answer there can be fits in a line.
  const long = {
    containers: Array<string>(CONTAINERS_LIMIT).fill('n'.repeat(253)),
    namespaces: new Map(Array.from({ length: NAMESPACE_NAMES_LIMIT }, (_, i) => [1e14 + i, 'n'.repeat(255)])),
  };
  expect(namesAnswerLine(long).length).toBeLessThan(LINE_LIMIT_BYTES * 2);
});
