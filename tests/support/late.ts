/** An object with the properties of another one, which is made later: what a file's tests share before they run. */
export function late<Value extends object>(made: () => Value): Value {
  return new Proxy({} as Value, {
    get: (_, name) => Reflect.get(made(), name),
    // For `{ ...late }`.
    ownKeys: () => Reflect.ownKeys(made()),
    getOwnPropertyDescriptor: (_, name) => ({
      ...Reflect.getOwnPropertyDescriptor(made(), name),
      configurable: true,
    }),
  });
}
