/**
 * Express + express-session + connect-dynamodb: the session's id in a signed cookie, its data in
 * DynamoDB. Settings: what express-session's documentation recommends for a store that can `touch`,
 * and Express's production page.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import connectDynamoDb from 'connect-dynamodb';
import express from 'express';
import session from 'express-session';
import { listen, serveBench } from './process.mjs';

const secret = randomBytes(32).toString('base64url');
const DynamoDbStore = connectDynamoDb(session);
const store = new DynamoDbStore({ table: process.env.TABLE });
const lifeMs = 3_600_000;

const app = express();
app.disable('x-powered-by');
app.use(
  session({
    store,
    secret,
    name: 'sid',
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: lifeMs },
  }),
);
app.post('/logout', (request, response, next) => {
  request.session.destroy((error) => {
    if (error) next(error);
    else response.json({ message: 'Successfully logged out' });
  });
});
app.get('/me', (request, response) => {
  const { sub } = request.session;
  if (sub === undefined) response.status(401).json({ detail: 'Could not validate credentials' });
  else response.json({ sub });
});

const setSession = promisify(store.set.bind(store));

/** The row and the cookie as express-session itself makes them. */
async function createSession() {
  const id = randomBytes(24).toString('base64url');
  const cookie = new session.Cookie({ httpOnly: true, sameSite: 'lax', maxAge: lifeMs });
  await setSession(id, { cookie, sub: `bench-${id}` });
  const signature = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
  const headers = { cookie: `sid=${encodeURIComponent(`s:${id}.${signature}`)}` };
  return {
    check: { method: 'GET', path: '/me', headers },
    logout: { method: 'POST', path: '/logout', headers: { ...headers, 'content-length': '0' } },
  };
}

serveBench(await listen(createServer(app)), 'Express', 'express', createSession);
