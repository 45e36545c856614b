package runtime

// The contract between generated code and this package has a number of its own,
// apart from the release. Generated code holds both sides at compile time:
//
//	_ = runtime.GeneratedCodeTooOld(n - runtime.MinContract)
//	_ = runtime.RuntimeTooOld(runtime.MaxContract - n)
//
// where n is the contract of the generator that wrote it. A negative constant
// does not fit an unsigned type, so the compiler names the mistake. Steps:
//
//  1. Emitted code comes to need something new here: MaxContract + 1, and the
//     generator writes the new number.
//  2. This package drops or changes something that older emitted code needs:
//     MinContract goes up to the first contract that does without it.
//
// Contract 1: Query with Pages, Command, Sets, Bulk, Session, Tx, None.
// Contract 2: Driver of queries; Told and Untold of parameters and columns; lists;
// InsertID of Command.
// Contract 3: TxOption of Session's InTx.
// Contract 4: Frames, Read and Spool of Query; Recording and NotFaked of fakes.
// Contract 5: Procedure; Conflict and Update of Bulk.
const (
	MinContract = 1 // the oldest generated code that still works
	MaxContract = 5 // the newest generated code that works
)

// GeneratedCodeTooOld does not compile with a negative constant: run odbcgen
// again, with the version of this package.
type GeneratedCodeTooOld uint

// RuntimeTooOld does not compile with a negative constant: update the module
// github.com/odbcgen/odbcgen to the version of the odbcgen that wrote the code.
type RuntimeTooOld uint
