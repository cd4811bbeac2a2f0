/**
 * Gives every row a column of its own so that the sum of costs is the least possible (Hungarian method).
 *
 * @param costs Rows of equal length; `Infinity` forbids a pair. Finite costs must be integers whose sums stay
 * exact, that is below 2^53.
 * @returns The column of each row, or the rows that compete for too few columns and those columns.
 */
export function assign(costs: readonly (readonly number[])[]): Assignment {
  const columns = costs[0]?.length ?? 0;
  /** Row held by each column, 1-based, 0 is none; column 0 holds the row that is being placed. */
  const rowOf = new Array<number>(columns + 1).fill(0);
  const rowPotential = new Array<number>(costs.length + 1).fill(0);
  const columnPotential = new Array<number>(columns + 1).fill(0);

  for (let row = 1; row <= costs.length; row++) {
    const conflict = place(row, costs, rowOf, rowPotential, columnPotential);
    if (conflict !== null) return conflict;
  }

  const columnOf = new Array<number>(costs.length).fill(-1);
  for (let column = 1; column <= columns; column++) {
    const row = at(rowOf, column);
    if (row > 0) columnOf[row - 1] = column - 1;
  }
  return { feasible: true, columnOf };
}

export type Assignment =
  | { readonly feasible: true; readonly columnOf: readonly number[] }
  | { readonly feasible: false; readonly rows: readonly number[]; readonly columns: readonly number[] };

/** Finds the cheapest way to make room for `row`, moving rows placed before where that is cheaper. */
function place(
  row: number,
  costs: readonly (readonly number[])[],
  rowOf: number[],
  rowPotential: number[],
  columnPotential: number[],
): Assignment | null {
  const columns = rowOf.length - 1;
  const least = new Array<number>(columns + 1).fill(Number.POSITIVE_INFINITY);
  const cameFrom = new Array<number>(columns + 1).fill(0);
  const visited = new Array<boolean>(columns + 1).fill(false);
  rowOf[0] = row;
  let current = 0;

  do {
    visited[current] = true;
    const from = at(rowOf, current);
    const line = costs[from - 1] ?? [];
    let delta = Number.POSITIVE_INFINITY;
    let next = -1;
    for (let column = 1; column <= columns; column++) {
      if (visited[column]) continue;
      const reduced = at(line, column - 1) - at(rowPotential, from) - at(columnPotential, column);
      if (reduced < at(least, column)) {
        least[column] = reduced;
        cameFrom[column] = current;
      }
      if (at(least, column) < delta) {
        delta = at(least, column);
        next = column;
      }
    }
    if (next < 0) return conflict(visited, rowOf);
    for (let column = 0; column <= columns; column++) {
      if (visited[column]) {
        const holder = at(rowOf, column);
        rowPotential[holder] = at(rowPotential, holder) + delta;
        columnPotential[column] = at(columnPotential, column) - delta;
      } else {
        least[column] = at(least, column) - delta;
      }
    }
    current = next;
  } while (at(rowOf, current) !== 0);

  while (current !== 0) {
    const previous = at(cameFrom, current);
    rowOf[current] = at(rowOf, previous);
    current = previous;
  }
  return null;
}

/** Every column the rows could use is held by one of them: more rows than columns. */
function conflict(visited: readonly boolean[], rowOf: readonly number[]): Assignment {
  const rows: number[] = [];
  const columns: number[] = [];
  visited.forEach((seen, column) => {
    if (!seen) return;
    rows.push(at(rowOf, column) - 1);
    if (column > 0) columns.push(column - 1);
  });
  return { feasible: false, rows: rows.sort((a, b) => a - b), columns };
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.POSITIVE_INFINITY;
}
