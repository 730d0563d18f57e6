import { describe, expect, test } from '@jest/globals';
import { refusedClaims } from '../../../lib/tokens/claims.ts';

/** The reason why claims are refused, with these settings. */
function reason(json: string, audience: string[], require = '') {
  return refusedClaims(JSON.parse(json), { audience, required: require.match(/\S+/g) ?? [] });
}

describe('the audience', () => {
  test.each<[string, string[], boolean]>([
    ['{}', [], true],
    ['{"aud":"x"}', [], true],
    ['{"aud":"a"}', ['a', 'b'], true],
    ['{"aud":"b"}', ['a', 'b'], true],
    ['{"aud":["x","b"]}', ['a', 'b'], true],
    ['{"aud":[1,null,"a"]}', ['a'], true],
    ['{"aud":"c"}', ['a', 'b'], false],
    ['{"aud":"A"}', ['a'], false],
    ['{"aud":"a b"}', ['a', 'b'], false],
    ['{"aud":[]}', ['a'], false],
    ['{"aud":[["a"]]}', ['a'], false],
    ['{"aud":{"0":"a","length":1}}', ['a'], false],
    ['{"aud":null}', ['null'], false],
    ['{"aud":1}', ['1'], false],
    ['{}', ['a'], false],
    // Only a token without `aud` is for the client that it names.
    ['{"client_id":"a"}', ['a'], true],
    ['{"azp":"a"}', ['a'], true],
    ['{"cid":"a"}', ['a'], true],
    ['{"appid":"a"}', ['a'], true],
    ['{"client_id":"x","appid":"a"}', ['a'], true],
    ['{"client_id":["a"]}', ['a'], false],
    ['{"client_id":{"0":"a"}}', ['a'], false],
    ['{"aud":"x","client_id":"a"}', ['a'], false],
    ['{"aud":null,"client_id":"a"}', ['a'], false],
    ['{"aud":[],"azp":"a"}', ['a'], false],
    ['{"sub":"a","scope":"a"}', ['a'], false],
    ['{"__proto__":{"aud":"a","client_id":"a"}}', ['a'], false],
  ])('%s for %j: %j', (json, audience, accepted) => {
    expect(reason(json, audience)).toBe(accepted ? undefined : 'wrong_audience');
  });
});

describe('JWT_REQUIRE', () => {
  test.each<[string, string, boolean]>([
    ['token_use=access', '{"token_use":"access"}', true],
    ['token_use=access', '{"token_use":["id","access"]}', true],
    ['token_use=access', '{"token_use":"id"}', false],
    ['token_use=access', '{"token_use":"Access"}', false],
    ['token_use=access', '{"token_use":["id"]}', false],
    ['token_use=access', '{"token_use":[["access"]]}', false],
    ['token_use=access', '{"token_use":{"access":true}}', false],
    ['token_use=access', '{}', false],
    ['n=1', '{"n":1}', false],
    ['n=', '{"n":""}', true],
    ['n=', '{"n":"x"}', false],
    ['url=a=b', '{"url":"a=b"}', true],
    ['scope', '{"scope":null}', true],
    ['scope', '{}', false],
    [' a=1  b ', '{"a":"1","b":0}', true],
    ['a=1 b', '{"a":"1"}', false],
    ['constructor', '{}', false],
    ['constructor', '{"constructor":1}', true],
    ['__proto__', '{}', false],
    ['__proto__=x', '{"__proto__":"x"}', true],
    ['toString=x', '{"__proto__":{"toString":"x"}}', false],
  ])('%j, of a token with %s: %j', (require, json, accepted) => {
    expect(reason(json, [], require)).toBe(accepted ? undefined : 'missing_claim');
  });
});

test.each(['{}', 'null', '[]', '{"http://schemas.openid.net/event/backchannel-logout":{}}'])(
  'a token with events %s is no access token, whatever else it holds',
  (events) => {
    expect(reason(`{"aud":"a","r":"1","events":${events}}`, ['a'], 'r=1')).toBe('security_event');
  },
);
