package sqlcimport

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// option says what becomes of an option of sqlc.
type option struct {
	key   string
	taken bool
	text  string
}

// known are the options that change what is written. Others change nothing here.
var known = []option{
	{"emit_interface", true, "Querier is always written"},
	{"emit_prepared_queries", true, "statements are always prepared, and kept"},
	{"emit_empty_slices", true, "a result without rows is always an empty slice"},
	{"emit_pointers_for_null_types", true, "null: pointer"},
	{"sql_package", true, "the code calls odbcgen's runtime instead"},
	{"sql_driver", true, "the code calls odbcgen's runtime instead"},
	{"emit_json_tags", false, "fields have no tags; convert where you encode"},
	{"emit_db_tags", false, "fields have no tags; rows are decoded without them"},
	{"emit_exact_table_names", false, "an embedded table's type has its name in the singular"},
	{"emit_methods_with_db_argument", false, "methods run on what New was given; New(tx) costs nothing"},
	{"emit_result_struct_pointers", false, "rows are values"},
	{"emit_params_struct_pointers", false, "parameters are values"},
	{"emit_enum_valid_method", false, "an enumeration is a string"},
	{"emit_all_enum_values", false, "an enumeration is a string"},
	{"query_parameter_limit", false, "up to three parameters are arguments, more are one struct"},
	{"build_tags", false, "there are none"},
	{"output_db_file_name", false, "files are named db.gen.go, models.gen.go, and after the files of queries"},
	{"output_models_file_name", false, "files are named db.gen.go, models.gen.go, and after the files of queries"},
	{"output_files_suffix", false, "files are named db.gen.go, models.gen.go, and after the files of queries"},
}

// options takes those of a block over.
func (r *reader) options(b *block) {
	r.overrides(child(b.goOptions, "overrides"))
	r.rename(child(b.goOptions, "rename"))
	for _, o := range known {
		n := child(b.goOptions, o.key)
		if n == nil || n.Kind != yaml.ScalarNode || slices.Contains([]string{"false", ""}, n.Value) {
			continue
		}
		r.note(n, o.taken, "%s: %s", o.key, o.text)
		if o.key == "emit_pointers_for_null_types" {
			b.null = "pointer"
		}
	}
}
