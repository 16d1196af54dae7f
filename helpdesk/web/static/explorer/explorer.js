// Starts GraphiQL on the page's own address. The key stays in this tab (sessionStorage) and goes out as a bearer token.

const STORED = "helpdesk.explorer.key";
const place = document.getElementById("explorer");
const keyInput = document.getElementById("key");
const cost = document.getElementById("cost");
const address = place.dataset.address;

const WELCOME = `# Write a query here and run it with Ctrl-Enter.
# Enter a key above to see the schema.
{
  __typename
}
`;

keyInput.value = sessionStorage.getItem(STORED) ?? "";

async function send(payload) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const key = keyInput.value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(payload) });
  const result = await response.json();
  if (result.extensions?.cost && payload.operationName !== "IntrospectionQuery") {
    cost.textContent = `Cost ${result.extensions.cost.requested} of ${result.extensions.cost.limit}`;
  }
  return result;
}

function explorer(version) {
  return React.createElement(GraphiQL, {
    key: version, // another key may see another schema: start anew
    fetcher: send,
    defaultQuery: WELCOME,
    shouldPersistHeaders: false,
    isHeadersEditorEnabled: false,
  });
}

const root = ReactDOM.createRoot(place);
let version = 0;
root.render(explorer(version));

keyInput.addEventListener("change", () => {
  sessionStorage.setItem(STORED, keyInput.value.trim());
  version += 1;
  root.render(explorer(version));
});

keyInput.form.addEventListener("submit", (event) => {
  event.preventDefault();
  keyInput.blur(); // which tells the change above
});
