import { parsed, send } from './requests.js';

const button = document.getElementById('authorize');
const status = document.getElementById('authorized');

const ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // The token stays in memory: storage would outlive the page.
  persistAuthorization: false,
  // The default sends the document's address to a third party's validator.
  validatorUrl: null,
  // Otherwise `?url=` in the page's address would choose another document.
  queryConfigEnabled: false,
  onComplete: () => {
    button.disabled = false;
  },
});

/** Signs the console's user in on a device named "API docs", and authorizes Swagger UI with the token. */
button.addEventListener('click', async () => {
  const body = JSON.stringify({ device: 'API docs' });
  const exchange = await send({ method: 'POST', path: '/console/sessions', body });
  const { token, session, detail } = parsed(exchange);
  if (exchange.status === 201) ui.preauthorizeApiKey('bearer', token);
  status.textContent =
    exchange.status === 201 ? `Authorized as ${session.sub}` : (detail ?? exchange.text);
});
