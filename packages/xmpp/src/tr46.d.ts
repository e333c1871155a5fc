/** The part of tr46 (UTS #46) that is used here; the package brings no types. */
declare module 'tr46' {
  interface Options {
    readonly checkBidi?: boolean;
    readonly checkHyphens?: boolean;
    readonly checkJoiners?: boolean;
    readonly useSTD3ASCIIRules?: boolean;
  }
  const tr46: { toUnicode(name: string, options?: Options): { domain: string; error: boolean } };
  export default tr46;
}
