/** A form that is being submitted. */
export type FormEvent = SubmitEvent & { readonly currentTarget: HTMLFormElement };

/** Keeps the browser from sending a form anywhere, and gives what reads its fields. */
export function takeForm(event: FormEvent): (name: string) => string {
  event.preventDefault();
  const data = new FormData(event.currentTarget);
  return (name) => {
    const value = data.get(name);
    return typeof value === 'string' ? value : '';
  };
}
