package shopdata

// languages, each by its own name; there are no books in Esperanto yet.
var languages = []Language{
	{"ar", "العربية", true},
	{"de", "Deutsch", false},
	{"el", "Ελληνικά", false},
	{"en", "English", false},
	{"eo", "Esperanto", false},
	{"fr", "Français", false},
	{"he", "עברית", true},
	{"hi", "हिन्दी", false},
	{"is", "Íslenska", false},
	{"ja", "日本語", false},
	{"ko", "한국어", false},
	{"la", "Latina", false},
	{"pl", "Polski", false},
	{"ru", "Русский", false},
	{"tr", "Türkçe", false},
	{"vi", "Tiếng Việt", false},
	{"zh", "中文", false},
}

// publishers; the last one is known by its name alone and has no books.
var publishers = []Publisher{
	{1, "Insel Verlag", some("Berlin"), some[int16](1901)},
	{2, "Penguin Classics", some("London"), some[int16](1946)},
	{3, "Éditions Gallimard", some("Paris"), some[int16](1911)},
	{4, "Wydawnictwo Znak", some("Kraków"), some[int16](1959)},
	{5, "Εκδόσεις Καστανιώτη", some("Αθήνα"), some[int16](1969)},
	{6, "Азбука", some("Санкт-Петербург"), null[int16]()},
	{7, "הוצאת שוקן", some("תל אביב"), some[int16](1939)},
	{8, "دار الشروق", some("القاهرة"), some[int16](1968)},
	{9, "人民文学出版社", some("北京"), some[int16](1951)},
	{10, "岩波書店", some("東京"), some[int16](1913)},
	{11, "창비", some("파주"), some[int16](1966)},
	{12, "राजकमल प्रकाशन", some("नई दिल्ली"), some[int16](1947)},
	{13, "Samizdat", null[string](), null[int16]()},
}

var genres = []Genre{
	{1, null[int64](), "Literature"},
	{2, some[int64](1), "Prose"},
	{3, some[int64](2), "Novel"},
	{4, some[int64](2), "Short stories"},
	{5, some[int64](1), "Verse"},
	{6, some[int64](5), "Epic"},
	{7, some[int64](5), "Lyric"},
	{8, some[int64](1), "Drama"},
	{9, null[int64](), "Non-fiction"},
	{10, some[int64](9), "Philosophy"},
	{11, some[int64](3), "Satire"},
	{12, some[int64](4), "Fairy tales"},
}

// authors; the last one has written nothing, and has all the time in the world.
var authors = []Author{
	{1, "Johann Wolfgang von Goethe", date("1749-08-28"), date("1832-03-22")},
	{2, "Jane Austen", date("1775-12-16"), date("1817-07-18")},
	{3, "Émile Zola", date("1840-04-02"), date("1902-09-29")},
	{4, "Halldór Laxness", date("1902-04-23"), date("1998-02-08")},
	{5, "Wisława Szymborska", date("1923-07-02"), date("2012-02-01")},
	{6, "Orhan Pamuk", date("1952-06-07"), date("")},
	{7, "Nguyễn Du", date("1766-01-03"), date("1820-09-16")},
	{8, "Νίκος Καζαντζάκης", date("1883-02-18"), date("1957-10-26")},
	{9, "Κωνσταντίνος Καβάφης", date("1863-04-29"), date("1933-04-29")},
	{10, "Лев Толстой", date("1828-09-09"), date("1910-11-20")},
	{11, "Анна Ахматова", date("1889-06-23"), date("1966-03-05")},
	{12, "Михаил Булгаков", date("1891-05-15"), date("1940-03-10")},
	{13, "Илья Ильф", date("1897-10-15"), date("1937-04-13")},
	{14, "Евгений Петров", date("1902-12-13"), date("1942-07-02")},
	{15, "שמואל יוסף עגנון", date("1887-08-08"), date("1970-02-17")},
	{16, "نجيب محفوظ", date("1911-12-11"), date("2006-08-30")},
	{17, "曹雪芹", date(""), date("")},
	{18, "魯迅", date("1881-09-25"), date("1936-10-19")},
	{19, "紫式部", date(""), date("")},
	{20, "夏目漱石", date("1867-02-09"), date("1916-12-09")},
	{21, "한강", date("1970-11-27"), date("")},
	{22, "प्रेमचंद", date("1880-07-31"), date("1936-10-08")},
	{23, "Lucius Annaeus Seneca", date("0001-01-01"), date("0065-04-12")},
	{24, "Jacob Grimm", date("1785-01-04"), date("1863-09-20")},
	{25, "Wilhelm Grimm", date("1786-02-24"), date("1859-12-16")},
	{26, "Ahasver", date("0001-01-01"), date("9999-12-31")},
}

// work is what somebody typed in of a book. Empty and zero are not known.
type work struct {
	title, subtitle  string
	language         string
	genre, publisher int64
	price            string
	pages            int16
	published        string
	authors          []int64
}

var works = []work{
	{"Faust", "Der Tragödie erster Teil", "de", 8, 1, "8.00", 224, "1808-04-01", []int64{1}},
	{"Die Leiden des jungen Werthers", "", "de", 3, 1, "7.50", 160, "1774-09-29", []int64{1}},
	{"Kinder- und Hausmärchen", "gesammelt durch die Brüder Grimm", "de", 12, 1, "24.95", 1024, "1812-12-20", []int64{24, 25}},
	{"Pride and Prejudice", "A Novel in Three Volumes", "en", 3, 2, "9.99", 448, "1813-01-28", []int64{2}},
	{"Emma", "", "en", 3, 2, "8.99", 512, "1815-12-23", []int64{2}},
	{"Germinal", "", "fr", 3, 3, "6.90", 640, "1885-03-02", []int64{3}},
	{"L'Œuvre", "Les Rougon-Macquart, № 14", "fr", 3, 3, "7.20", 496, "1886-03-31", []int64{3}},
	{"Sjálfstætt fólk", "hetjusaga", "is", 3, 0, "4290.00", 656, "1934-10-24", []int64{4}},
	{"Koniec i początek", "", "pl", 7, 4, "39.99", 52, "1993-05-01", []int64{5}},
	{"Wołanie do Yeti", "wiersze", "pl", 7, 4, "35.01", 60, "1957-01-01", []int64{5}},
	{"Benim Adım Kırmızı", "", "tr", 3, 0, "185.00", 470, "1998-12-01", []int64{6}},
	{"Truyện Kiều", "Đoạn trường tân thanh", "vi", 6, 0, "98000.00", 276, "1820-01-01", []int64{7}},
	{"Βίος και Πολιτεία του Αλέξη Ζορμπά", "", "el", 3, 5, "17.70", 384, "1946-12-01", []int64{8}},
	{"Ποιήματα", "1897–1933", "el", 7, 5, "14.40", 300, "1935-01-01", []int64{9}},
	{"Война и мир", "роман-эпопея", "ru", 3, 6, "799.00", 1408, "1869-12-01", []int64{10}},
	{"Анна Каренина", "", "ru", 3, 6, "499.50", 864, "1878-01-01", []int64{10}},
	{"Реквием", "", "ru", 7, 6, "310.00", 64, "1963-11-27", []int64{11}},
	{"Мастер и Маргарита", "", "ru", 11, 6, "450.00", 512, "1966-12-31", []int64{12}},
	{"Двенадцать стульев", "роман", "ru", 11, 6, "389.99", 416, "1928-07-01", []int64{13, 14}},
	{"תמול שלשום", "", "he", 3, 7, "88.00", 607, "1945-01-01", []int64{15}},
	{"بين القصرين", "الثلاثية", "ar", 3, 8, "120.50", 542, "1956-01-01", []int64{16}},
	{"أولاد حارتنا", "", "ar", 3, 8, "110.00", 552, "1967-01-01", []int64{16}},
	{"紅樓夢", "石頭記", "zh", 3, 9, "59.70", 1606, "", []int64{17}},
	{"吶喊", "", "zh", 4, 9, "22.00", 196, "1923-08-01", []int64{18}},
	{"源氏物語", "", "ja", 3, 10, "6820.00", 0, "", []int64{19}},
	{"吾輩は猫である", "", "ja", 11, 10, "1012.00", 564, "1905-10-06", []int64{20}},
	{"こころ", "", "ja", 3, 10, "605.00", 300, "1914-09-20", []int64{20}},
	{"채식주의자", "연작소설", "ko", 3, 11, "15000.00", 276, "2007-10-30", []int64{21}},
	{"गोदान", "", "hi", 3, 12, "250.00", 328, "1936-06-10", []int64{22}},
	{"De brevitate vitae", "ad Paulinum", "la", 10, 2, "11.95", 96, "0049-01-01", []int64{23}},
	{"🐈‍⬛ 100 % _Cats_", "👩‍👩‍👧‍👦 \\ it's \"wordless\"", "en", 9, 0, "9999999999.99", 32767, "9999-12-31", nil},
	{"Nothing", "", "en", 10, 13, "0.00", 0, "", nil},
	{"Minus", "a voucher", "en", 9, 0, "-0.01", 1, "0001-01-01", nil},
}

var hours = []Hours{
	{1, clock("09:00"), clock("18:30"), null[string]()},
	{2, clock("09:00"), clock("18:30"), null[string]()},
	{3, clock("09:00"), clock("13:15"), some("nachmittags Bücherbus 🚌")},
	{4, clock("09:00"), clock("20:00"), some("„Langer Donnerstag“")},
	{5, clock("09:00"), clock("18:30"), some("")},
	{6, clock("10:00"), clock("16:00"), null[string]()},
	{7, clock(""), clock(""), some("geschlossen")},
}

var (
	givenNames  = []string{"Ada", "Björn", "Chloé", "Дарья", "Ελένη", "فاطمة", "גיל", "ハナ", "李", "민준", "Łukasz", "Þóra", "अनिल", "Zoë"}
	familyNames = []string{"Nowak", "Müller", "O'Neill", "Иванова", "Παπαδόπουλος", "الحسن", "כהן", "田中", "王", "김", "Sigurðsson", "शर्मा", "Nguyễn"}

	notes = []string{
		"Bitte klingeln", "gift wrap 🎁, please", "line one\nline two\r\nline three", `it's a "test" \ backslash`,
		"", "送到二樓", "שלום", "Ωραία!",
	}

	// Twelve characters at most; the emoji fill the column.
	headlines = []string{"👍👍👍👍👍👍👍👍👍👍👍👍", "Großartig!", "ταχύ", "скучно", "حسنًا", "", "十二個漢字填滿這個欄位的", "meh", "📚💤"}

	essayWords = []string{"the", "Buch", "très", "książka", "βιβλίο", "книга", "ספר", "كتاب", "書", "本", "책", "पुस्तक", "📖", "kitap", "sách", "—"}

	referrers = []string{"https://example.com/", "https://例え.jp/本?q=%20", "newsletter", "", "mailto:freund@bücher.example"}
)
