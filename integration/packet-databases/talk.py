"""Prepared statements (the binary protocol), result sets and errors, with MySQL's own client."""
import sys
import mysql.connector

settings = dict(host="127.0.0.1", port=3306, user="root", database="shop", ssl_disabled=True,
                use_pure=True, compress="compress" in sys.argv)
connection = mysql.connector.connect(**settings)
cursor = connection.cursor(prepared=True)
for i in range(40):
    cursor.execute("insert into items (name, price) values (%s, %s)", (f"prepared{i}", i * 1.5))
for i in range(40):
    cursor.execute("select id, name from items where id > %s limit 7", (i,))
    cursor.fetchall()
for i in range(5):
    try:
        cursor.execute("insert into items (id, name) values (%s, %s)", (1, "duplicate"))
    except mysql.connector.Error:
        pass
cursor.execute("select repeat(%s, 200000)", ("y",))
cursor.fetchall()
cursor.close()
connection.commit()
plain = connection.cursor()
for i in range(10):
    connection.ping()
    plain.execute("select count(*), %s from items", (i,))
    plain.fetchall()
    try:
        plain.execute("select * from nowhere")
    except mysql.connector.Error:
        pass
plain.execute("select %s /*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/",
              ("z" * 20000,))
plain.fetchall()
connection.cmd_init_db("shop")
connection.cmd_statistics()
connection.cmd_reset_connection()
if not settings["compress"]:
    connection.cmd_change_user("root", "", "shop")
for result in connection.cmd_query_iter("select 1; select 2 union select 3; update items set price = 1"):
    if "columns" in result:
        connection.get_rows()
connection.close()
