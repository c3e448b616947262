// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How the dashboard looks, by day and by night.
enum DashboardStyle {
  static let text = """
    :root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d5dae0; --soft: #f3f5f7;
      --good: #1a7f37; --warning: #8a5a00; --bad: #c0202b; --link: #0a5bb8; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --paper: #14181d; --line: #343b44;
      --soft: #1d232a; --good: #56c271; --warning: #e0ab45; --bad: #ff7b82; --link: #7fb8ff; } }
    * { box-sizing: border-box; }
    body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
    header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; padding: .6rem 1.2rem;
      border-bottom: 1px solid var(--line); background: var(--soft); }
    nav { display: flex; flex-wrap: wrap; gap: .2rem .9rem; flex: 1; }
    nav a { padding: .15rem 0; text-decoration: none; }
    nav a[aria-current] { color: var(--ink); font-weight: 600; border-bottom: 2px solid var(--link); }
    header form { display: flex; gap: .6rem; align-items: center; }
    main { max-width: 78rem; margin: 0 auto; padding: 1rem 1.2rem 3rem; }
    main.narrow { max-width: 34rem; padding-top: 3rem; }
    h1 { font-size: 1.5rem; margin: .4rem 0 1rem; }
    h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem; overflow-wrap: anywhere; }
    a { color: var(--link); }
    .banner { margin: 0; padding: .6rem 1.2rem; color: #fff; background: #b3121d; font-weight: 600;
      overflow-wrap: anywhere; }
    .banner a { color: #fff; }
    .wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; vertical-align: top; padding: .4rem .7rem; border-bottom: 1px solid var(--line);
      white-space: pre-wrap; overflow-wrap: anywhere; }
    th { background: var(--soft); font-weight: 600; white-space: nowrap; }
    td:first-child, th:first-child { border-left: 4px solid transparent; }
    tr.good td:first-child { border-left-color: var(--good); }
    tr.warning td:first-child { border-left-color: var(--warning); }
    tr.bad td:first-child { border-left-color: var(--bad); }
    tr:last-child td { border-bottom: 0; }
    pre { overflow-x: auto; padding: .8rem; background: var(--soft); border: 1px solid var(--line);
      border-radius: 6px; font-size: 13px; }
    form.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: .6rem 0; }
    td form.row { margin: 0; }
    label { display: flex; flex-direction: column; gap: .15rem; font-size: .9em; }
    input, select, button, .button { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line);
      border-radius: 5px; color: var(--ink); background: var(--paper); }
    button, .button { cursor: pointer; background: var(--soft); text-decoration: none; display: inline-block; }
    button.good { border-color: var(--good); color: var(--good); }
    button.bad { border-color: var(--bad); color: var(--bad); }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 1px; }
    .quiet { color: color-mix(in srgb, var(--ink) 65%, transparent); font-size: .9em; }
    p.bad { color: var(--bad); font-weight: 600; }
    .hidden { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
    """
}
