package runtime

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/odbcgen/odbcgen/runtime/driver"
	"github.com/odbcgen/odbcgen/runtime/internal/odbc"
	"github.com/odbcgen/odbcgen/runtime/protocol"
)

// ErrDrift is what errors.Is finds in every DriftError.
var ErrDrift = errors.New("the database is not the one that the code was generated for")

// DriftError says that a statement takes or gives something else than when its
// code was generated: run odbcgen generate again. With the Op prepare of the Error
// around it nothing has been executed.
type DriftError struct {
	Query   string
	Changes []Change
}

// Change is one thing that is not what it was, in words.
type Change struct {
	Param    bool   // of a parameter, not of a column
	Position int    // from 1; 0 where it is the number of them
	Name     string // when the code was generated; that of a new column is its own
	Was, Is  string // Was is "" of a column that has another name, is new or is gone
}

// Error lists the changes and says what to do.
func (e *DriftError) Error() string {
	changes := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		changes[i] = c.String()
	}
	return fmt.Sprintf("%v: %s: run odbcgen generate again", ErrDrift, strings.Join(changes, "; "))
}

// Is reports whether target is ErrDrift.
func (e *DriftError) Is(target error) bool { return target == ErrDrift }

// String is a clause without an end: column 2 "price" was decimal and is text.
func (c Change) String() string {
	noun := "column"
	if c.Param {
		noun = "parameter"
	}
	switch {
	case c.Position == 0:
		return fmt.Sprintf("the number of %ss was %s and is %s", noun, c.Was, c.Is)
	case c.Was == "":
		return fmt.Sprintf("%s %d %q is %s", noun, c.Position, c.Name, c.Is)
	}
	return fmt.Sprintf("%s %d %q was %s and is %s", noun, c.Position, c.Name, c.Was, c.Is)
}

// Drift is how far a database may be from the one that code was generated for.
type Drift uint8

// How far. The number of columns and of parameters must always be the same.
const (
	DriftStrict     Drift = iota // not at all: the default
	DriftCompatible              // what gives no other values is taken, see doc/drift.md
	DriftIgnored                 // only the numbers are compared
)

// WithDrift says how far the database may be from the one that code was generated
// for, before its queries fail with a DriftError.
func WithDrift(d Drift) Option { return optionFunc(func(o *options) { o.drift = d }) }

// compares reports whether the statement is held against what the code says of it,
// beyond numbers: types of another driver would be others.
func (s *statement) compares() bool {
	return s.shape.driver == s.c.plugin.Name && s.c.drift != DriftIgnored
}

// compare holds the statement, just prepared, against the code. Of some drivers
// the columns are not known yet: planRows compares them.
func (s *statement) compare() error {
	if n, want := s.native.Params(), len(s.shape.params)*max(s.shape.rows, 1); n != want {
		return s.drifted([]Change{{Param: true, Was: fmt.Sprint(want), Is: fmt.Sprint(n)}})
	}
	changes := s.changedParams()
	if len(s.shape.columns) > 0 && s.native.Columns() > 0 {
		columns, err := s.changedColumns()
		if err != nil {
			return err
		}
		changes = append(changes, columns...)
	}
	return s.drifted(changes)
}

// drifted returns the changes as an error, nil when there are none.
func (s *statement) drifted(changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	return &DriftError{Query: s.shape.name, Changes: changes}
}

func (s *statement) changedParams() []Change {
	if !s.compares() || !s.c.plugin.Describe.Params {
		return nil
	}
	var changes []Change
	for i, p := range s.shape.params {
		described, err := s.native.DescribeParam(i)
		is := s.c.plugin.ParamKindOf(driver.SQLType(described.Type))
		if err == nil && is != protocol.Invalid && !s.c.takes(is, told(p.Kind, p.Told)) {
			changes = append(changes, Change{Param: true, Position: i + 1, Name: p.Name, Was: told(p.Kind, p.Told).String(), Is: is.String()})
		}
	}
	return changes
}

// told returns the kind that the driver told when the code was generated.
func told(kind, told protocol.Kind) protocol.Kind {
	if told != protocol.Invalid {
		return told
	}
	return kind
}

// changedColumns compares all columns, and notes what they are.
func (s *statement) changedColumns() ([]Change, error) {
	if s.native.Columns() != len(s.shape.columns) {
		return s.changedNumber(), nil
	}
	s.types = make([]cellType, len(s.shape.columns))
	for i := range s.types {
		s.types[i] = s.typeOf(i)
	}
	if !s.compares() {
		return nil, nil
	}
	var changes []Change
	s.described = make([]odbc.ColumnType, len(s.shape.columns))
	for i := range s.described {
		var err error
		if s.described[i], err = s.native.DescribeType(i); err != nil {
			return nil, err
		}
		changes = append(changes, s.changesOf(i, s.described[i])...)
	}
	return changes, nil
}

// changedNumber tells which columns are there too many and too few, by their names.
func (s *statement) changedNumber() []Change {
	columns := s.shape.columns
	changes := []Change{{Was: fmt.Sprint(len(columns)), Is: fmt.Sprint(s.native.Columns())}}
	names := make([]string, s.native.Columns())
	for i := range names {
		names[i] = s.native.ColumnName(i)
		if !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == names[i] }) {
			changes = append(changes, Change{Position: i + 1, Name: names[i], Is: "new"})
		}
	}
	for i, c := range columns {
		if !slices.Contains(names, c.Name) {
			changes = append(changes, Change{Position: i + 1, Name: c.Name, Is: "gone"})
		}
	}
	return changes
}

// changesOf compares column i with what it is.
func (s *statement) changesOf(i int, is odbc.ColumnType) []Change {
	c := s.shape.columns[i]
	var changes []Change
	if c.Name != is.Name && (s.c.drift == DriftStrict || !strings.EqualFold(c.Name, is.Name)) {
		changes = append(changes, Change{Position: i + 1, Name: c.Name, Is: fmt.Sprintf("called %q", is.Name)})
	}
	kind := s.c.plugin.KindOf(is.TypeName, driver.SQLType(is.Type), is.Unsigned)
	if was := told(c.Kind, c.Told); !c.Untold && !s.c.takes(was, kind) {
		changes = append(changes, Change{Position: i + 1, Name: c.Name, Was: was.String(), Is: inWords(kind, is.TypeName)})
	}
	return changes
}

// inWords names a kind and the database's type.
func inWords(kind protocol.Kind, typeName string) string {
	if kind == protocol.Invalid {
		return fmt.Sprintf("a type that odbcgen does not know (%s)", typeName)
	}
	return fmt.Sprintf("%s (%s)", kind, typeName)
}

// takes reports whether what is made for the kind was takes values of the kind is.
func (c *physical) takes(was, is protocol.Kind) bool {
	return sameText(was) == sameText(is) || c.drift == DriftCompatible && holds(was, is)
}

// sameText makes no difference between the two kinds of text: it depends on the
// side of the driver that the driver manager calls.
func sameText(k protocol.Kind) protocol.Kind {
	if k == protocol.NText {
		return protocol.Text
	}
	return k
}

// holds reports whether each number of the kind is, is one of the kind was.
func holds(was, is protocol.Kind) bool {
	room, need := numbers[was], numbers[is]
	return room.above >= need.above && room.below >= need.below && (need.whole || was == protocol.Float64 && is == protocol.Float32)
}

// numbers are the bits of whole numbers that kinds have room for, above and below
// zero.
var numbers = map[protocol.Kind]struct {
	above, below int
	whole        bool // they hold no others
}{
	protocol.Int8: {7, 7, true}, protocol.Int16: {15, 15, true}, protocol.Int32: {31, 31, true}, protocol.Int64: {63, 63, true},
	protocol.Uint8: {8, 0, true}, protocol.Uint16: {16, 0, true}, protocol.Uint32: {32, 0, true}, protocol.Uint64: {64, 0, true},
	protocol.Float32: {24, 24, false}, protocol.Float64: {53, 53, false}, protocol.Decimal: {64, 64, false},
}

// compareRows holds the columns of a result against those that the cells are laid
// out for. Where they are others, planRows has to lay them out again.
func (s *statement) compareRows() error {
	if s.native.Columns() != len(s.shape.columns) {
		return s.drifted(s.changedNumber())
	}
	if s.types == nil { // not known before the execution
		changes, err := s.changedColumns()
		if err != nil {
			return err
		}
		return s.drifted(changes)
	}
	if s.c.plugin.Reads.Fixed {
		return nil
	}
	var changes []Change
	for i := range s.types {
		is := s.typeOf(i)
		if is == s.types[i] {
			continue
		}
		s.types[i], s.forms = is, nil
		changed, err := s.changedSince(i)
		if err != nil {
			return err
		}
		changes = append(changes, changed...)
	}
	return s.drifted(changes)
}

// changedSince compares column i, which is no longer what it was when the
// statement was prepared. The type of an expression may depend on its parameters.
func (s *statement) changedSince(i int) ([]Change, error) {
	if !s.compares() {
		return nil, nil
	}
	is, err := s.native.DescribeColumn(i)
	if err != nil || is.Table == "" && is.Name == s.shape.columns[i].Name {
		return nil, err
	}
	return s.changesOf(i, is.ColumnType), nil
}

// cellType is what a driver tells of a result column at little cost. When it is
// another one, the column has changed.
type cellType struct {
	code     driver.SQLType
	unsigned bool   // of integers
	name     string // where a star may have come to stand for other columns
	size     uint64 // where slots are as wide as that
}

// typeOf returns the cellType of column i.
func (s *statement) typeOf(i int) cellType {
	t := cellType{code: driver.SQLType(s.native.TypeCode(i))}
	if integer, _ := s.shape.columns[i].Kind.Integer(); integer && s.c.plugin.Describe.Unsigned {
		t.unsigned = s.native.IsUnsigned(i)
	}
	if s.star && !s.c.plugin.Quirks.StarsOnce {
		t.name = s.native.ColumnName(i)
	}
	if s.c.plugin.Reads.How == driver.Sized {
		t.size = s.native.ColumnSize(i)
	}
	return t
}

// outdated reports whether a kept statement failed because its columns have changed.
// A parameter that is a reader cannot be sent again.
func (s *statement) outdated(err error) bool {
	code := s.c.plugin.Quirks.Outdated
	var e *Error
	return s.again && s.described != nil && code.State != "" && errors.As(err, &e) && e.is(code) &&
		!slices.ContainsFunc(s.shape.params, func(p Param) bool { return p.Reader })
}
