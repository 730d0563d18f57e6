// Starts Swagger UI. A file of its own, as the page's policy allows no script in the page.
SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#page',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // A token stays in the page's memory: storage would keep it for whoever uses the browser next.
  persistAuthorization: false,
  // Or the address of the document would go to a validator of a third party.
  validatorUrl: null,
  // The page's address must not choose which document it shows.
  queryConfigEnabled: false,
});
